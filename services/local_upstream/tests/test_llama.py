import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from synapse_common.errors import ConfigurationError
from synapse_common.ports import free_port
from synapse_common.settings import load_settings
from synapse_local_upstream import llama
from synapse_local_upstream.settings import LlamaSettings


def test_the_packaged_model_on_loopback_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPSE_LOCAL_UPSTREAM_PORT", "8601")  # another process's
    settings = load_settings(LlamaSettings)
    assert (settings.host, settings.port, settings.model_path) == ("127.0.0.1", 8700, None)


@pytest.mark.parametrize(
    ("name", "value"), [("MODEL_PATH", "/nowhere/model.gguf"), ("PORT", "0"), ("THREADS", "0"), ("MODEL", "x")]
)
def test_wrong_settings_are_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"SYNAPSE_LLAMA_{name}", value)
    with pytest.raises(ConfigurationError, match=f"SYNAPSE_LLAMA_{name}"):
        load_settings(LlamaSettings)


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)  # what makes an import fail
    assert llama.main() == 2
    assert "make setup-llm" in capsys.readouterr().err


@asynccontextmanager
async def running(**settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "synapse_local_upstream.llama"),
        env={**os.environ, **{f"SYNAPSE_LLAMA_{name}": value for name, value in settings.items()}},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def wait_until_ready(process: asyncio.subprocess.Process) -> None:
    assert process.stderr
    async for line in process.stderr:
        if b'"ready"' in line:
            return
    raise AssertionError("the process ended before it was ready")


needs_the_extra = pytest.mark.usefixtures("extra")


@pytest.fixture
def extra() -> None:
    pytest.importorskip("xllamacpp", reason="the extra `llm` is not installed; `make setup-llm` installs it")


@pytest.mark.integration
@needs_the_extra
async def test_the_model_streams_tokens_and_ends_on_sigterm() -> None:
    port = free_port()
    async with running(PORT=str(port)) as process, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        await wait_until_ready(process)
        assert (await client.get("/health")).status_code == 200
        foreign = await client.get("/health", headers={"Origin": "http://elsewhere.example"})
        assert foreign.headers["access-control-allow-origin"] == f"http://127.0.0.1:{port}"

        body = {
            "model": llama.MODEL_NAME,
            "messages": [{"role": "user", "content": "What is the capital of Portugal?"}],
            "max_tokens": 16,
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": 0,
        }
        async with client.stream("POST", "/v1/chat/completions", json=body, timeout=60) as response:
            assert response.status_code == 200
            data = [line.removeprefix("data: ") async for line in response.aiter_lines() if line]
        assert data[-1] == "[DONE]"
        events = [json.loads(item) for item in data[:-1]]
        pieces = [choice["delta"].get("content") for event in events for choice in event["choices"]]
        text = "".join(piece or "" for piece in pieces)
        assert sum(bool(piece) for piece in pieces) > 1, "it came in one piece"
        assert "Lisbon" in text
        assert "User:" not in text
        assert events[-1]["usage"]["completion_tokens"] > 1
        assert {event["model"] for event in events} == {llama.MODEL_NAME}

        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


@pytest.mark.integration
@needs_the_extra
async def test_a_file_that_is_no_model_ends_the_process(tmp_path: Path) -> None:
    model = tmp_path / "model.gguf"
    model.write_bytes(b"not a model")
    async with running(PORT=str(free_port()), MODEL_PATH=str(model)) as process:
        _, stderr = await process.communicate()
        assert process.returncode == 1
        assert b"cannot start" in stderr
