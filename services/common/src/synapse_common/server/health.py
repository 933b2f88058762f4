"""Health that tells the truth: serving only between a successful start and the first sign of shutdown."""

from __future__ import annotations

from collections.abc import Sequence

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Health:
    """The state behind grpc.health.v1 and /readyz: one state, told in two protocols."""

    def __init__(self) -> None:
        self._servicer = health.aio.HealthServicer()
        self._names: list[str] = [""]
        self._reason = "starting"
        self._draining = False

    @property
    def ready(self) -> bool:
        """Whether calls are welcome now."""
        return not self._reason

    @property
    def reason(self) -> str:
        """Why not ready; empty when ready."""
        return self._reason

    async def register(self, server: grpc.aio.Server, names: Sequence[str]) -> None:
        """Add grpc.health.v1 to `server`, with every service in `names` not serving yet."""
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, server)
        self._names = ["", *names]
        await self._set(_NOT_SERVING)

    async def set_ready(self) -> None:
        """The service answers now; ignored when it is already draining."""
        if not self._draining:
            self._reason = ""
            await self._set(_SERVING)

    async def set_not_ready(self, reason: str) -> None:
        """The service cannot answer, and why."""
        if not self._draining:
            self._reason = reason
            await self._set(_NOT_SERVING)

    async def drain(self) -> None:
        """Not serving from here on, whatever happens."""
        self._draining = True
        self._reason = "draining"
        await self._servicer.enter_graceful_shutdown()

    async def _set(self, status: health_pb2.HealthCheckResponse.ServingStatus) -> None:
        for name in self._names:
            await self._servicer.set(name, status)
