"""What a service gives to the shared bootstrap."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import grpc
from starlette.routing import BaseRoute


class ServiceApp(ABC):
    """One service: what it needs to start, and the gRPC services (and REST routes) it answers."""

    name: ClassVar[str]
    mutual_tls: ClassVar[bool] = True
    """Whether callers must show a certificate of the authority; only the gateway's callers use tokens instead."""

    @abstractmethod
    async def start(self) -> None:
        """Become able to answer: load, connect, warm up. Called again after a pause when it raises.

        Raises:
            SynapseError: why it cannot answer yet; shown on /readyz and in the log.
        """

    @abstractmethod
    def register(self, server: grpc.aio.Server) -> Sequence[str]:
        """Add the servicers; returns the full names of the gRPC services. Called once, before `start`."""

    def rest_routes(self) -> Sequence[BaseRoute]:
        """Routes of the TLS REST server; none by default."""
        return ()

    @property
    def rest_port(self) -> int | None:
        """Port of the TLS REST server; None for no such server."""
        return None

    async def drain(self) -> None:  # noqa: B027  (a hook that most services do not need)
        """Shutdown has begun: stop saying ready, and end streams that would never end by themselves."""

    async def close(self) -> None:  # noqa: B027
        """Release what `start` took; called after the last call ended."""
