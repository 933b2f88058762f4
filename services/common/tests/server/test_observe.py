from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
from synapse.v1 import chat_pb2, chat_pb2_grpc
from synapse_common.testing import ServiceProcess, eventually

Say = Callable[[str], chat_pb2.CompleteRequest]


def calls(service: ServiceProcess, method: str, code: str) -> float:
    """How many calls of a method ended with a code, by the service's own metrics."""
    labels = (f'code="{code}"', f'rpc_method="/synapse.v1.ChatService/{method}"')
    for line in service.get("/metrics")[1].splitlines():
        if line.startswith("rpc_server_duration_seconds_count{") and all(label in line for label in labels):
            return float(line.rsplit(" ", 1)[1])
    return 0.0


def streaming(content: str) -> chat_pb2.StreamRequest:
    return chat_pb2.StreamRequest(messages=[chat_pb2.ChatMessage(content=content)])


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("hello", "OK"),
        ("raise NotFound", "NOT_FOUND"),
        ("raise ResourceExhausted", "RESOURCE_EXHAUSTED"),
        ("crash x", "INTERNAL"),
    ],
)
def test_calls_are_counted_by_how_they_ended(
    command: str, code: str, scripted: ServiceProcess, chat: chat_pb2_grpc.ChatServiceStub, say: Say
) -> None:
    before = calls(scripted, "Complete", code)
    chat.Complete.future(say(command), timeout=10).exception()
    eventually(lambda: calls(scripted, "Complete", code) == before + 1)


def test_a_cancelled_call_is_counted_as_cancelled(
    scripted: ServiceProcess, chat: chat_pb2_grpc.ChatServiceStub, say: Say, tmp_path: Path
) -> None:
    before = calls(scripted, "Complete", "CANCELLED")
    call = chat.Complete.future(say(f"wait {tmp_path / 'never'}"))
    eventually(lambda: 'in_flight{rpc_method="/synapse.v1.ChatService/Complete"} 1.0' in scripted.get("/metrics")[1])

    call.cancel()

    eventually(lambda: calls(scripted, "Complete", "CANCELLED") == before + 1)
    assert 'in_flight{rpc_method="/synapse.v1.ChatService/Complete"} 0.0' in scripted.get("/metrics")[1]


def test_a_call_whose_deadline_passed_is_counted_as_such(
    scripted: ServiceProcess, chat: chat_pb2_grpc.ChatServiceStub, say: Say, tmp_path: Path
) -> None:
    before = calls(scripted, "Complete", "DEADLINE_EXCEEDED")
    with pytest.raises(grpc.RpcError) as caught:
        chat.Complete(say(f"wait {tmp_path / 'never'}"), timeout=1.0123)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    eventually(lambda: calls(scripted, "Complete", "DEADLINE_EXCEEDED") == before + 1)


@pytest.mark.parametrize("command", ["forever", "flood"])
def test_a_cancelled_stream_ends_its_handler_at_once_and_is_counted(
    command: str, scripted: ServiceProcess, chat: chat_pb2_grpc.ChatServiceStub, tmp_path: Path
) -> None:
    before = calls(scripted, "Stream", "CANCELLED")
    stream = chat.Stream(streaming(f"{command} {tmp_path / 'ended'}"))
    next(stream)

    stream.cancel()

    eventually((tmp_path / "ended").exists)
    eventually(lambda: calls(scripted, "Stream", "CANCELLED") == before + 1)


def test_buckets_lie_where_the_objectives_are(
    scripted: ServiceProcess, chat: chat_pb2_grpc.ChatServiceStub, say: Say
) -> None:
    chat.Complete(say("hello"), timeout=10)
    metrics = eventually(lambda: (text := scripted.get("/metrics")[1]) and "rpc_server_duration" in text and text)
    for bound in ("0.05", "0.1", "0.2", "0.5"):
        assert f'le="{bound}"' in metrics


def test_health_and_reflection_are_not_observed(scripted: ServiceProcess) -> None:
    assert "grpc.health" not in scripted.get("/metrics")[1]
    assert "grpc.reflection" not in scripted.get("/metrics")[1]
