import grpc
import pytest
from google.protobuf import any_pb2, duration_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from synapse_common.errors import DeadlineExceeded, Internal, ResourceExhausted, SynapseError, Unavailable
from synapse_gateway.clients.peer import peer_errors, retry_delay, violated_field


def rpc_error(code: grpc.StatusCode, *details: object) -> grpc.aio.AioRpcError:
    packed = []
    for detail in details:
        packed.append(any_pb2.Any())
        packed[-1].Pack(detail)
    status = status_pb2.Status(code=code_pb2.Code.Value(code.name), message="said so", details=packed)
    trailing = grpc.aio.Metadata(("grpc-status-details-bin", status.SerializeToString()))
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), trailing if details else grpc.aio.Metadata(), "said so")


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        (grpc.StatusCode.UNAVAILABLE, Unavailable),
        (grpc.StatusCode.DEADLINE_EXCEEDED, DeadlineExceeded),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, ResourceExhausted),
        (grpc.StatusCode.INVALID_ARGUMENT, Internal),
        (grpc.StatusCode.UNIMPLEMENTED, Internal),
        (grpc.StatusCode.UNKNOWN, Internal),
    ],
)
def test_a_peers_status_is_ours_or_our_fault(code: grpc.StatusCode, ours: type[SynapseError]) -> None:
    with pytest.raises(ours), peer_errors("peer"):
        raise rpc_error(code)


def test_a_peers_retry_delay_is_passed_on() -> None:
    retry = error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=3, nanos=500_000_000))
    assert retry_delay(rpc_error(grpc.StatusCode.RESOURCE_EXHAUSTED, retry)) == 3.5
    assert retry_delay(rpc_error(grpc.StatusCode.RESOURCE_EXHAUSTED)) == 1


def test_a_peers_field_is_passed_on() -> None:
    violation = error_details_pb2.BadRequest.FieldViolation(field="inputs[3]")
    error = rpc_error(grpc.StatusCode.INVALID_ARGUMENT, error_details_pb2.BadRequest(field_violations=[violation]))
    assert violated_field(error) == "inputs[3]"
    assert violated_field(rpc_error(grpc.StatusCode.INVALID_ARGUMENT)) is None


def test_details_that_are_garbage_are_ignored() -> None:
    trailing = grpc.aio.Metadata(("grpc-status-details-bin", b"\xff\xff"))
    error = grpc.aio.AioRpcError(grpc.StatusCode.INVALID_ARGUMENT, grpc.aio.Metadata(), trailing, "x")
    assert violated_field(error) is None
    assert retry_delay(error) == 1
