import socket
from collections.abc import Callable

from synapse.v1 import chat_pb2, chat_pb2_grpc
from synapse_common.ports import HOST
from synapse_common.testing import ServiceProcess, eventually

Say = Callable[[str], chat_pb2.CompleteRequest]


def test_every_line_is_a_json_object_with_time_level_and_service(
    scripted: ServiceProcess, chat: chat_pb2_grpc.ChatServiceStub, say: Say
) -> None:
    chat.Complete(say("hello"), timeout=10)
    with socket.create_connection((HOST, scripted.ports["grpc"])) as stranger:
        stranger.sendall(b"not TLS at all")  # grpc's core has something to say about that
        stranger.recv(1)
    lines = eventually(scripted.log)
    for line in lines:
        assert {"event", "level", "timestamp"} <= set(line)
        assert line["service"] == "scripted"


def test_a_call_is_logged_with_its_trace_and_without_its_text(
    scripted: ServiceProcess, chat: chat_pb2_grpc.ChatServiceStub, say: Say
) -> None:
    before = len(scripted.log())
    for command in ("the-secret-text", "raise InvalidInput"):
        chat.Complete.future(say(command), timeout=10).exception()

    def logged() -> list[dict[str, object]]:
        lines = [line for line in scripted.log()[before:] if line["event"] == "call"]
        return lines if len(lines) >= 2 else []

    codes = {str(line["code"]) for line in eventually(logged)}
    assert {"OK", "INVALID_ARGUMENT"} <= codes
    assert all(len(str(line["trace_id"])) == 32 for line in logged())
    assert "the-secret-text" not in scripted.log_text()
