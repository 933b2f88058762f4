"""What a failed call to another service means to our own caller."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from synapse_common.errors import DeadlineExceeded, Internal, ResourceExhausted, SynapseError, Unavailable

_RETRY_S = 1.0


@contextmanager
def peer_errors(peer: str) -> Iterator[None]:
    """Turn gRPC errors of calls to `peer` into ours.

    Raises:
        Unavailable: the peer cannot be reached, or is starting or stopping.
        DeadlineExceeded: no answer in time.
        ResourceExhausted: the peer has more work than it takes.
        Internal: everything else; what we sent was checked, so the fault is not the caller's.
    """
    try:
        yield
    except grpc.aio.AioRpcError as error:
        raise _translate(peer, error) from error


def _translate(peer: str, error: grpc.aio.AioRpcError) -> SynapseError:
    code = error.code()
    if code is grpc.StatusCode.UNAVAILABLE:
        return Unavailable(f"the {peer} cannot be reached; try again", retry_after_s=_RETRY_S)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return DeadlineExceeded(f"the {peer} did not answer in time")
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return ResourceExhausted(f"the {peer} has too much work; try again", retry_after_s=retry_delay(error))
    return Internal(f"the {peer} answered {code.name}: {error.details()}")


def retry_delay(error: grpc.aio.AioRpcError) -> float:
    """Seconds that the peer asks to wait; one second when it does not say."""
    for detail in _details(error):
        retry = error_details_pb2.RetryInfo()
        if detail.Unpack(retry):
            delay: float = retry.retry_delay.ToTimedelta().total_seconds()
            return delay
    return _RETRY_S


def violated_field(error: grpc.aio.AioRpcError) -> str | None:
    """The request field that the peer complains about, when it says."""
    for detail in _details(error):
        bad_request = error_details_pb2.BadRequest()
        if detail.Unpack(bad_request) and bad_request.field_violations:
            field: str = bad_request.field_violations[0].field
            return field
    return None


def _details(error: grpc.aio.AioRpcError) -> list[any_pb2.Any]:
    try:
        status = rpc_status.from_call(error)
    except (DecodeError, ValueError):  # not the details we know
        return []
    return list(status.details) if status is not None else []
