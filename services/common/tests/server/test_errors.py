from collections.abc import Callable

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from synapse.v1 import chat_pb2, chat_pb2_grpc
from synapse_common import errors
from synapse_common.errors import Internal, SynapseError
from synapse_common.server.errors import INTERNAL_MESSAGE
from synapse_common.testing import ServiceProcess, eventually

Say = Callable[[str], chat_pb2.CompleteRequest]
SHOWN = [
    error
    for error in vars(errors).values()
    if isinstance(error, type) and issubclass(error, SynapseError) and error not in (SynapseError, Internal)
]


def failure(chat: chat_pb2_grpc.ChatServiceStub, request: chat_pb2.CompleteRequest) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as caught:
        chat.Complete(request, timeout=10)
    return caught.value


@pytest.mark.parametrize("error", SHOWN, ids=lambda error: error.__name__)
def test_a_synapse_error_becomes_its_status_with_field_and_retry_delay(
    error: type[SynapseError], chat: chat_pb2_grpc.ChatServiceStub, say: Say
) -> None:
    caught = failure(chat, say(f"raise {error.__name__}"))

    assert caught.code() is error.code
    assert caught.details() == "what is wrong"
    status = rpc_status.from_call(caught)
    assert status is not None
    assert (status.code, status.message) == (error.code.value[0], "what is wrong")
    bad_request, retry = error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
    assert status.details[0].Unpack(bad_request)
    assert status.details[1].Unpack(retry)
    assert [(item.field, item.description) for item in bad_request.field_violations] == [
        ("messages[0]", "what is wrong")
    ]
    assert retry.retry_delay.ToMilliseconds() == 1500


def test_an_error_in_a_stream_becomes_its_status_after_what_was_sent(
    chat: chat_pb2_grpc.ChatServiceStub,
) -> None:
    stream = chat.Stream(chat_pb2.StreamRequest(messages=[chat_pb2.ChatMessage(content="raise NotFound")]))

    assert next(stream) == chat_pb2.StreamResponse()
    with pytest.raises(grpc.RpcError) as caught:
        next(stream)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert rpc_status.from_call(caught.value) is None  # neither a field nor a delay: no details


@pytest.mark.parametrize(("command", "logged"), [("crash hunter2", "RuntimeError"), ("raise Internal", "Internal")])
def test_a_fault_of_ours_is_internal_without_its_text_and_logged_with_its_traceback(
    command: str, logged: str, scripted: ServiceProcess, chat: chat_pb2_grpc.ChatServiceStub, say: Say
) -> None:
    before = len(scripted.log())

    caught = failure(chat, say(command))

    assert caught.code() is grpc.StatusCode.INTERNAL
    assert caught.details() == INTERNAL_MESSAGE
    entry = eventually(lambda: [line for line in scripted.log()[before:] if line["level"] == "error"])[0]
    assert entry["method"] == "/synapse.v1.ChatService/Complete"
    assert "Traceback" in entry["exception"]
    assert logged in entry["exception"]
    assert len(entry["trace_id"]) == 32
