"""Health that tells the truth: serving only between a successful start and the first sign of shutdown.

The servicer is our own and not grpcio-health-checking's: there, one watcher that leaves silences the other watchers of
the same service, and open Watch streams hold up every drain until its grace period is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from synapse_common.errors import NotFound
from synapse_common.server.wrap import Context

# Values of HealthCheckResponse.ServingStatus; generated enums are plain numbers.
_UNKNOWN: int = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
_SERVING: int = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING: int = health_pb2.HealthCheckResponse.NOT_SERVING


class Health:
    """The state behind grpc.health.v1 and /readyz: one state, told in two protocols."""

    def __init__(self) -> None:
        self._names: frozenset[str] = frozenset({""})
        self._reason = "starting"
        self._draining = False
        self._changed = asyncio.Condition()

    @property
    def ready(self) -> bool:
        """Whether calls are welcome now."""
        return not self._reason

    @property
    def reason(self) -> str:
        """Why not ready; empty when ready."""
        return self._reason

    @property
    def draining(self) -> bool:
        """Whether shutdown has begun."""
        return self._draining

    def status(self, service: str) -> int:
        """The answer of grpc.health.v1 for one service; the empty name stands for the whole server."""
        if service not in self._names:
            return _UNKNOWN
        return _SERVING if self.ready else _NOT_SERVING

    def register(self, server: grpc.aio.Server, names: Sequence[str]) -> None:
        """Add grpc.health.v1 to `server`, answering for every service in `names`."""
        self._names = frozenset({"", *names})
        health_pb2_grpc.add_HealthServicer_to_server(_HealthServicer(self), server)

    async def set_ready(self) -> None:
        """The service answers now; ignored when it is already draining."""
        await self._set("")

    async def set_not_ready(self, reason: str) -> None:
        """The service cannot answer, and why; ignored when it is already draining."""
        await self._set(reason)

    async def drain(self) -> None:
        """Not serving from here on, whatever happens; watchers are told, and their streams end."""
        async with self._changed:
            self._draining = True
            self._reason = "draining"
            self._changed.notify_all()

    async def wait_for_change(self, service: str, status: int) -> None:
        """Return when the answer for `service` is no longer `status`, or the server drains."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._draining or self.status(service) != status)

    async def _set(self, reason: str) -> None:
        async with self._changed:
            if not self._draining:
                self._reason = reason
                self._changed.notify_all()


class _HealthServicer(health_pb2_grpc.HealthServicer):  # type: ignore[misc]  # the library ships no types
    def __init__(self, health: Health) -> None:
        self._health = health

    async def Check(  # noqa: N802  (gRPC's method names)
        self,
        request: health_pb2.HealthCheckRequest,
        context: Context,  # noqa: ARG002  (gRPC's signature)
    ) -> health_pb2.HealthCheckResponse:
        status = self._health.status(request.service)
        if status == _UNKNOWN:
            raise NotFound("no such service here", field="service")
        return health_pb2.HealthCheckResponse(status=status)

    async def Watch(  # noqa: N802
        self,
        request: health_pb2.HealthCheckRequest,
        context: Context,  # noqa: ARG002
    ) -> AsyncIterator[health_pb2.HealthCheckResponse]:
        told = None
        while True:
            status = self._health.status(request.service)
            if status != told:
                yield health_pb2.HealthCheckResponse(status=status)
                told = status  # much may have happened while it was sent, so look again
            elif self._health.draining:
                return
            else:
                await self._health.wait_for_change(request.service, status)
