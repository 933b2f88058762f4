"""Duration, status and concurrency of every call, as metrics and one log line; never what was said."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
from opentelemetry import metrics

from synapse_common.logs import get_logger
from synapse_common.server.wrap import Around, Context

_log = get_logger(__name__)
_UNOBSERVED = ("/grpc.health.", "/grpc.reflection.")
_CODE_NAMES: dict[object, str] = {status.value[0]: status.name for status in grpc.StatusCode}


def make_observer() -> Around:
    """The context manager that observes one call. Call after the meter provider is installed."""
    meter = metrics.get_meter("synapse.server")
    duration = meter.create_histogram("rpc.server.duration", unit="s", description="time from first byte to last")
    in_flight = meter.create_up_down_counter("rpc.server.in_flight", description="calls being answered")

    @asynccontextmanager
    async def observe(method: str, context: Context) -> AsyncIterator[None]:
        if method.startswith(_UNOBSERVED):
            yield
            return
        labels = {"rpc_method": method}
        started = time.perf_counter()
        given = _time_remaining(context)
        in_flight.add(1, labels)
        code = "OK"
        try:
            yield
        except (asyncio.CancelledError, GeneratorExit):
            code = "DEADLINE_EXCEEDED" if _deadline_passed(context, given) else "CANCELLED"
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


def _time_remaining(context: Context) -> float | None:
    """Seconds to the caller's deadline; None when there is none, which the stubs do not know."""
    return context.time_remaining()


def _deadline_passed(context: Context, given: float | None) -> bool:
    """Whether a cancelled call was cancelled for its deadline, not by a caller that went away.

    On the wire a deadline is rounded up by as much as 1 % of the time given, so the caller gives up that much earlier.
    """
    remaining = _time_remaining(context)
    return given is not None and remaining is not None and remaining <= 0.01 * given + 0.005


def _code_of(context: Context) -> str:
    """The status an aborted call ended with; errors that were not mapped are unknown."""
    code: object = context.code()  # the stubs say StatusCode; it is a number once the call was aborted
    number = code.value[0] if isinstance(code, grpc.StatusCode) else code
    return _CODE_NAMES.get(number, "UNKNOWN") if number else "UNKNOWN"
