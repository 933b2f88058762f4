import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from synapse_common.errors import DeadlineExceeded, Unavailable
from synapse_embeddings.upstream import Upstream

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(behaviour: Behaviour, timeout_s: float = 5) -> AsyncIterator[Upstream]:
    """An upstream behind a raw TCP server."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await behaviour(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    upstream = Upstream(f"http://127.0.0.1:{port}/v1", None, timeout_s)
    try:
        yield upstream
    finally:
        await upstream.close()
        server.close()
        await server.wait_closed()


async def ask(upstream: Upstream, deadline_s: float | None = None) -> None:
    await upstream.embed(["a"], "small", dimensions=None, expected=None, deadline_s=deadline_s)


async def test_a_closed_connection_is_unavailable() -> None:
    async def hang_up(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    async with serving(hang_up) as upstream:
        with pytest.raises(Unavailable, match="cannot be reached") as caught:
            await ask(upstream)
    assert caught.value.retry_after_s == 1


async def test_something_that_is_not_http_is_unavailable() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"\x16\x03\x01 hello\r\n\r\n")
        await writer.drain()

    async with serving(babble) as upstream:
        with pytest.raises(Unavailable, match="cannot be reached"):
            await ask(upstream)


async def test_a_torn_body_is_unavailable() -> None:
    async def tear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{")
        await writer.drain()

    async with serving(tear) as upstream:
        with pytest.raises(Unavailable):
            await ask(upstream)


async def test_an_upstream_that_dribbles_is_cut_off() -> None:
    """Every read is quick, so only a limit on the whole call ends it."""

    async def dribble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with serving(dribble, timeout_s=0.3) as upstream:
        with pytest.raises(DeadlineExceeded, match=r"within 0\.3 s"):
            await ask(upstream)


@pytest.mark.parametrize(
    ("deadline_s", "message"), [(0.1, "within 0.1 s"), (60.0, "within 0.2 s"), (-1.0, "within 0 s")]
)
async def test_the_shorter_of_deadline_and_setting_counts(deadline_s: float, message: str) -> None:
    async def ignore(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(ignore, timeout_s=0.2) as upstream:
        with pytest.raises(DeadlineExceeded, match=message):
            await ask(upstream, deadline_s)
