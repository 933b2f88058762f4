"""Duration, status and concurrency of every call, as metrics and one log line; never what was said."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
from opentelemetry import metrics

from synapse_common.logs import get_logger
from synapse_common.server.wrap import Around

_log = get_logger(__name__)
_UNOBSERVED = ("/grpc.health.", "/grpc.reflection.")


def make_observer() -> Around:
    """The context manager that observes one call. Call after the meter provider is installed."""
    meter = metrics.get_meter("synapse.server")
    duration = meter.create_histogram("rpc.server.duration", unit="s", description="time from first byte to last")
    in_flight = meter.create_up_down_counter("rpc.server.in_flight", description="calls being answered")

    @asynccontextmanager
    async def observe(method: str, context: grpc.aio.ServicerContext) -> AsyncIterator[None]:
        if method.startswith(_UNOBSERVED):
            yield
            return
        labels = {"rpc_method": method}
        started = time.perf_counter()
        in_flight.add(1, labels)
        code = "OK"
        try:
            yield
        except asyncio.CancelledError:
            code = "CANCELLED"
            raise
        except BaseException:
            code = _code_of(context)
            raise
        finally:
            elapsed = time.perf_counter() - started
            in_flight.add(-1, labels)
            duration.record(elapsed, {**labels, "code": code})
            _log.debug("call", method=method, code=code, ms=round(elapsed * 1000, 2))

    return observe


def _code_of(context: grpc.aio.ServicerContext) -> str:
    """The status an aborted call ended with; errors that were not mapped are unknown."""
    code = context.code()
    if isinstance(code, grpc.StatusCode):
        return code.name
    by_number = {status.value[0]: status.name for status in grpc.StatusCode}
    return by_number.get(int(code), "UNKNOWN") if code else "UNKNOWN"
