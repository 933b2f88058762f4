import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
from gateway_fakes.exchanges import chat
from gateway_fakes.upstream import (
    DONE,
    USAGE,
    FakeUpstream,
    chunk,
    completion,
    event,
    respond,
    says,
    start_stream,
    streams,
)
from synapse_common.errors import DeadlineExceeded, ResourceExhausted, Unavailable
from synapse_gateway.clients.upstream import ChatUpstream
from synapse_gateway.deadline import Deadline
from synapse_gateway.exchange import ChatExchange, Finish, Message, Role, Usage
from synapse_gateway.settings import UpstreamSettings


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as fake:
        yield fake


def exchange(deadline_s: float | None = None) -> ChatExchange:
    made = chat("hi")
    made.call.deadline = Deadline.after(deadline_s)
    made.outgoing = [Message(Role.SYSTEM, "be kind"), Message(Role.USER, "hi")]
    made.upstream_model = "asked-model"
    return made


def client(upstream: FakeUpstream, max_chars: int = 1000, **settings: Any) -> ChatUpstream:
    return ChatUpstream(UpstreamSettings(base_url=upstream.base_url, **settings), max_chars)


async def whole(upstream: FakeUpstream, **settings: Any) -> ChatExchange:
    made = exchange()
    made.answer = await client(upstream, **settings).complete(made)
    return made


async def streamed(upstream: FakeUpstream, **settings: Any) -> tuple[ChatExchange, list[str]]:
    made = exchange()
    async with aclosing(client(upstream, **settings).stream(made)) as pieces:
        return made, [piece async for piece in pieces]


async def test_both_ways_give_the_same_answer(upstream: FakeUpstream) -> None:
    upstream.reply = says("Hello, wor\u200bld.")
    one = (await whole(upstream)).answer
    many, pieces = await streamed(upstream)
    assert one == many.answer
    assert "".join(pieces) == one.content == "Hello, world."
    assert (one.model, one.finish, one.usage) == ("fake-model", Finish.STOP, Usage(5, 3))
    assert len(pieces) > 1


async def test_the_request_says_what_was_asked(upstream: FakeUpstream) -> None:
    made = exchange()
    made.max_tokens, made.temperature = 9, 0.0
    await client(upstream, api_key="sk-1").complete(made)
    request, headers = upstream.requests[0], upstream.headers[0]
    assert request["model"] == "asked-model"
    assert [message["role"] for message in request["messages"]] == ["system", "user"]
    assert (request["max_tokens"], request["temperature"]) == (9, 0.0)
    assert headers["authorization"] == "bearer sk-1"


async def test_an_answer_over_the_limit_is_cut(upstream: FakeUpstream) -> None:
    upstream.reply = says("0123456789")
    one = (await whole(upstream, max_chars=4)).answer
    many, pieces = await streamed(upstream, max_chars=4)
    assert one.content == "".join(pieces) == "0123"
    assert one.finish is many.answer.finish is Finish.LENGTH


async def test_an_upstream_that_is_down_is_unavailable() -> None:
    async with FakeUpstream() as gone:
        pass
    with pytest.raises(Unavailable, match="cannot be reached"):
        await whole(gone)
    with pytest.raises(Unavailable, match="cannot be reached"):
        await streamed(gone)


async def test_a_slow_upstream_is_not_waited_for(upstream: FakeUpstream) -> None:
    upstream.reply = upstream.hangs
    with pytest.raises(DeadlineExceeded):
        await whole(upstream, timeout_s=0.1)
    await asyncio.wait_for(upstream.client_left.wait(), 5)


async def test_a_callers_deadline_is_the_shorter_one(upstream: FakeUpstream) -> None:
    upstream.reply = upstream.hangs
    with pytest.raises(DeadlineExceeded):
        await client(upstream).complete(exchange(deadline_s=0.1))


async def test_a_stream_that_stalls_is_not_waited_for(upstream: FakeUpstream) -> None:
    async def stalls(_request: object, writer: asyncio.StreamWriter) -> None:
        await start_stream(writer)
        writer.write(chunk("Hello"))
        await upstream.client_left.wait()

    upstream.reply = stalls
    with pytest.raises(DeadlineExceeded):
        await streamed(upstream, timeout_s=0.2)
    await asyncio.wait_for(upstream.client_left.wait(), 5)


async def test_a_stream_that_drips_for_ever_has_an_end(upstream: FakeUpstream) -> None:
    async def drips(_request: object, writer: asyncio.StreamWriter) -> None:
        await start_stream(writer)
        while not upstream.client_left.is_set():
            writer.write(chunk(""))
            await writer.drain()
            await asyncio.sleep(0.01)

    upstream.reply = drips
    with pytest.raises(DeadlineExceeded):
        await streamed(upstream, stream_timeout_s=0.3)


async def test_closing_a_stream_midway_closes_the_connection(upstream: FakeUpstream) -> None:
    async def endless(_request: object, writer: asyncio.StreamWriter) -> None:
        await start_stream(writer)
        writer.write(chunk("Hello"))
        await writer.drain()
        await upstream.client_left.wait()

    upstream.reply = endless
    async with aclosing(client(upstream).stream(exchange())) as pieces:
        assert await anext(pieces) == "Hello"
    await asyncio.wait_for(upstream.client_left.wait(), 5)


@pytest.mark.parametrize(
    "reply",
    [
        respond(b"<html>oops</html>", content_type="text/html"),
        respond(b"{not json"),
        respond(b"{}"),
        respond(json.dumps(completion(None)).encode()),
        respond(json.dumps(completion(" \u200b")).encode()),
        respond(b"\xff\xfe\x00"),
    ],
)
async def test_rubbish_for_an_answer_is_said_to_be(upstream: FakeUpstream, reply: Any) -> None:
    upstream.reply = reply
    with pytest.raises(Unavailable, match="nonsense"):
        await whole(upstream)


@pytest.mark.parametrize(
    "events",
    [
        (b"hello world",),
        (event("rubbish"),),
        (event('"text"'),),
        (event("[1]"),),
        (event('{"choices": 5}'),),
        (b"data: \xff\xfe\n\n",),
        (chunk("Hello"),),
        (chunk("Hello"), DONE),
        (chunk(None, "stop"), DONE),
        (chunk("Hello"), USAGE, DONE),
    ],
)
async def test_rubbish_for_a_stream_is_said_to_be(upstream: FakeUpstream, events: tuple[bytes, ...]) -> None:
    upstream.reply = streams(*events)
    with pytest.raises(Unavailable, match="nonsense"):
        await streamed(upstream)


async def test_an_error_inside_a_stream_is_unavailable(upstream: FakeUpstream) -> None:
    upstream.reply = streams(chunk("Hello"), event('{"error": {"message": "secret detail"}}'))
    with pytest.raises(Unavailable, match="midway"):
        await streamed(upstream)


async def test_a_rate_limit_is_passed_on(upstream: FakeUpstream) -> None:
    upstream.reply = respond(b'{"error": {"message": "slow down"}}', status=429, retry_after="7")
    with pytest.raises(ResourceExhausted) as caught:
        await whole(upstream)
    assert caught.value.retry_after_s == 7
    with pytest.raises(ResourceExhausted):
        await streamed(upstream)
    assert len(upstream.requests) == 2  # no retries of our own
