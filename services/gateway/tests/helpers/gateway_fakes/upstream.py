"""A fake chat upstream: an HTTP/1.1 server on loopback that answers as scripted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Self

MODEL = "fake-model"
Reply = Callable[[dict[str, Any], asyncio.StreamWriter], Awaitable[None]]


def completion(text: Any, finish: Any = "stop") -> dict[str, Any]:
    return {
        "id": "c1",
        "object": "chat.completion",
        "model": MODEL,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8},
    }


def chunk(text: str | None, finish: str | None = None) -> bytes:
    delta = {} if text is None else {"content": text}
    body = {"id": "c1", "model": MODEL, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return event(json.dumps(body))


def event(data: str) -> bytes:
    return f"data: {data}\n\n".encode()


USAGE = event(json.dumps({"model": MODEL, "choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 3}}))
DONE = event("[DONE]")


def respond(body: bytes, *, status: int = 200, content_type: str = "application/json", **headers: str) -> Reply:
    async def reply(_request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} X", f"content-type: {content_type}", f"content-length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)

    return reply


async def start_stream(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
    await writer.drain()


def streams(*events: bytes) -> Reply:
    """Send these events as the stream, then close."""

    async def reply(_request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        await start_stream(writer)
        writer.write(b"".join(events))

    return reply


def says(text: str, *, finish: str = "stop", piece_chars: int = 3) -> Reply:
    """Answer whole or in pieces, as the request asks."""

    async def reply(request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        if not request.get("stream"):
            await respond(json.dumps(completion(text, finish)).encode())(request, writer)
            return
        pieces = [text[start : start + piece_chars] for start in range(0, len(text), piece_chars)]
        await streams(*map(chunk, pieces), chunk(None, finish), USAGE, DONE)(request, writer)

    return reply


class FakeUpstream:
    """Serves one reply at a time, remembers requests, and notices when a client goes away."""

    def __init__(self) -> None:
        self.reply: Reply = says("Hello.")
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.client_left = asyncio.Event()
        self.called = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def hangs(self, _request: dict[str, Any], _writer: asyncio.StreamWriter) -> None:
        """A reply that never comes; ends when the client leaves."""
        await self.client_left.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.decode().split("\r\n")[1:]
            headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
            request = json.loads(await reader.readexactly(int(headers.get("content-length", "0"))))
            self.requests.append(request)
            self.headers.append(headers)
            self.called.set()
            watch = asyncio.create_task(self._watch(reader))
            try:
                await self.reply(request, writer)
                await writer.drain()
            finally:
                watch.cancel()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _watch(self, reader: asyncio.StreamReader) -> None:
        await reader.read()
        self.client_left.set()
