import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from synapse_common.ports import free_port


@asynccontextmanager
async def running(**settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {f"SYNAPSE_LOCAL_UPSTREAM_{name}": value for name, value in settings.items()}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "synapse_local_upstream",
        env={**os.environ, **environment},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def wait_for_log(process: asyncio.subprocess.Process, event: str) -> None:
    assert process.stderr
    async for line in process.stderr:
        if f'"{event}"'.encode() in line:
            return
    raise AssertionError(f"the process ended before it logged {event!r}")


async def test_sigterm_lets_a_request_in_flight_end() -> None:
    port = free_port()
    async with running(PORT=str(port)) as process, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        await wait_for_log(process, "listening")
        assert (await client.get("/readyz")).status_code == 503
        await wait_for_log(process, "ready")
        assert (await client.get("/readyz")).status_code == 200

        body = {"model": "synapse-embeddings", "input": ["a sentence of some length to be embedded"] * 100}
        embedding = asyncio.create_task(client.post("/v1/embeddings", json=body, timeout=60))
        question = {"model": "synapse-retrieval", "messages": [{"role": "user", "content": "hello"}]}
        chat = await client.post("/v1/chat/completions", json=question, timeout=60)
        assert chat.json()["choices"][0]["message"]["content"] == "Hello! How can I help you?"
        assert not embedding.done()  # the question did not wait for the hundred texts
        process.send_signal(signal.SIGTERM)
        answer = await embedding
        assert answer.status_code == 200
        assert len(answer.json()["data"]) == 100
        assert await process.wait() == 0


async def test_sigterm_while_loading_ends_the_process() -> None:
    async with running(PORT=str(free_port())) as process:
        await wait_for_log(process, "listening")
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


@pytest.mark.parametrize(
    ("settings", "message"), [({"PORT": "0"}, b"SYNAPSE_LOCAL_UPSTREAM_PORT"), ({"PROT": "1"}, b"unknown settings")]
)
async def test_wrong_settings_end_the_process(settings: dict[str, str], message: bytes) -> None:
    async with running(**settings) as process:
        _, stderr = await process.communicate()
        assert process.returncode == 2
        assert message in stderr


async def test_a_port_that_is_taken_ends_the_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with running(PORT=str(taken.getsockname()[1])) as process:
            _, stderr = await process.communicate()
            assert process.returncode == 1
            assert b"cannot listen" in stderr
