"""The one place where an exception becomes a gRPC status."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2

from synapse_common.errors import Internal, SynapseError
from synapse_common.logs import get_logger
from synapse_common.server.wrap import Context

_log = get_logger(__name__)
_DETAILS_KEY = "grpc-status-details-bin"
INTERNAL_MESSAGE = "internal error; the server's log has the trace id of this call"


@asynccontextmanager
async def map_errors(method: str, context: Context) -> AsyncIterator[None]:
    """End the call with the status of the exception that leaves its handler.

    `SynapseError` keeps its code and message, and carries google.rpc BadRequest and RetryInfo details. Everything else
    is a fault of ours: logged with its traceback, and told to the caller only as INTERNAL.
    """
    try:
        yield
    except (grpc.aio.AbortError, asyncio.CancelledError):
        raise
    except Internal as error:
        _log.error("internal error", method=method, exc_info=error)
        await context.abort(grpc.StatusCode.INTERNAL, INTERNAL_MESSAGE)
    except SynapseError as error:
        await context.abort(error.code, error.message, _trailers(error))
    except Exception as error:
        _log.error("unexpected error", method=method, exc_info=error)
        await context.abort(grpc.StatusCode.INTERNAL, INTERNAL_MESSAGE)


def _trailers(error: SynapseError) -> tuple[tuple[str, bytes], ...]:
    details: list[any_pb2.Any] = []
    if error.field is not None:
        violation = error_details_pb2.BadRequest.FieldViolation(field=error.field, description=error.message)
        details.append(_pack(error_details_pb2.BadRequest(field_violations=[violation])))
    if error.retry_after_s is not None:
        delay = duration_pb2.Duration()
        delay.FromNanoseconds(round(error.retry_after_s * 1e9))
        details.append(_pack(error_details_pb2.RetryInfo(retry_delay=delay)))
    if not details:
        return ()
    code = code_pb2.Code.Value(error.code.name)
    status = status_pb2.Status(code=code, message=error.message, details=details)
    return ((_DETAILS_KEY, status.SerializeToString()),)


def _pack(message: error_details_pb2.BadRequest | error_details_pb2.RetryInfo) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
