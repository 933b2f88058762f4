from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from google.protobuf import any_pb2, duration_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status
from synapse_cli.client import Connection, explain, open_gateway
from synapse_cli.stack import StackError


class _Refusing(grpc.GenericRpcHandler):
    """Ends every call with a status that carries a field and a delay."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        def refuse(request: bytes, context: grpc.ServicerContext) -> bytes:
            details = []
            violation = error_details_pb2.BadRequest.FieldViolation(field="texts[0]", description="it is empty")
            for message in (
                error_details_pb2.BadRequest(field_violations=[violation]),
                error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=2)),
            ):
                packed = any_pb2.Any()
                packed.Pack(message)
                details.append(packed)
            status = status_pb2.Status(code=code_pb2.INVALID_ARGUMENT, message="it is empty", details=details)
            context.abort_with_status(rpc_status.to_status(status))
            return b""

        return grpc.unary_unary_rpc_method_handler(refuse)


@pytest.fixture
def address() -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers([_Refusing()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(0).wait()


def test_a_failed_call_is_explained_with_its_field_and_delay(address: str) -> None:
    with grpc.insecure_channel(address) as channel, pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/synapse.v1.ModerationService/Moderate")(b"", timeout=10)
    assert explain(caught.value) == "INVALID_ARGUMENT: it is empty; field: texts[0]; try again in 2 s"


def test_a_missing_authority_says_so(tmp_path: Path) -> None:
    connection = Connection("127.0.0.1:1", tmp_path / "none.pem", "token")
    with pytest.raises(StackError, match=r"none\.pem"), open_gateway(connection):
        pytest.fail("a channel was opened without an authority")
