"""Lets calls in flight end before the server stops, and refuses new ones in the meantime.

gRPC's own `stop` cancels calls that arrived but were not picked up yet, and their callers see CANCELLED as if they had
done it themselves. So the gate closes first, calls that still arrive are answered UNAVAILABLE, and the server
stops when none is in flight.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from synapse_common.errors import Unavailable
from synapse_common.server.wrap import Context

_QUIET_S = 0.02
_LOOK_EVERY_S = 0.005
# The protocols of the platform itself go on to the end: they say how things are.
_ALWAYS_OPEN = ("/grpc.health.", "/grpc.reflection.")


class DrainGate:
    """Counts calls in flight. Its `pass_through` stands around every call, inside the one that maps errors."""

    def __init__(self) -> None:
        self._in_flight = 0
        self._closed = False
        self._last_arrival = 0.0

    @asynccontextmanager
    async def pass_through(self, method: str, _context: Context) -> AsyncIterator[None]:
        """Hold the gate open for one call.

        Raises:
            Unavailable: the gate is closed.
        """
        if method.startswith(_ALWAYS_OPEN):
            yield
            return
        self._last_arrival = time.monotonic()
        if self._closed:
            raise Unavailable("the server is shutting down; call again", retry_after_s=1)
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1

    async def close(self, timeout_s: float) -> None:
        """Refuse new calls; return once those in flight have ended and none has arrived for a moment, or in time."""
        self._closed = True
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            quiet_for = time.monotonic() - self._last_arrival
            if not self._in_flight and quiet_for >= _QUIET_S:
                return
            await asyncio.sleep(_LOOK_EVERY_S)
