"""HTTP servers inside a service: the admin port (plain) and, for predictors, REST over TLS 1.3."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator, Sequence

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from synapse_common.server.health import Health


def admin_routes(health: Health) -> list[BaseRoute]:
    """/metrics (Prometheus text), /livez (the process runs) and /readyz (calls are welcome; else says why not)."""

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    async def livez(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_request: Request) -> Response:
        return PlainTextResponse("ok\n") if health.ready else PlainTextResponse(f"{health.reason}\n", status_code=503)

    return [Route("/metrics", metrics), Route("/livez", livez), Route("/readyz", readyz)]


class HttpServer:
    """A uvicorn server that lives inside the service's event loop."""

    def __init__(
        self, routes: Sequence[BaseRoute], host: str, port: int, *, tls: ssl.SSLContext | None, grace_s: float
    ) -> None:
        config = uvicorn.Config(
            Starlette(routes=list(routes)),
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=max(1, round(grace_s)),
            server_header=False,
        )
        config.load()
        config.ssl = tls
        self._server = _EmbeddedServer(config)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen; returns when connections are accepted.

        Raises:
            OSError: the port cannot be taken.
        """
        self._task = asyncio.create_task(self._server.serve())
        listening = asyncio.create_task(self._server.listening.wait())
        await asyncio.wait({self._task, listening}, return_when=asyncio.FIRST_COMPLETED)
        if not self._server.started:
            listening.cancel()
            raise OSError(f"cannot listen on port {self._server.config.port}")

    async def stop(self) -> None:
        """Refuse new connections, let requests in flight end, then return."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task


class _EmbeddedServer(uvicorn.Server):
    """uvicorn without its signal handlers, and with an event instead of polling for its start."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The service handles signals itself."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does; a port that is taken ends `serve` instead of the process."""
        try:
            await super().startup(sockets)
        except SystemExit:
            self.should_exit = True
            return
        self.listening.set()
