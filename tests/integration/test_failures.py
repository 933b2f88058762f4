"""What a caller sees when things break: clear statuses, recovery without help, nothing lost, nothing wedged."""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import httpx
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from synapse.v1 import chat_pb2, embeddings_pb2, moderation_pb2
from synapse_cli.client import Connection, Gateway, open_gateway
from synapse_cli.stack import LocalStack, StackConfig
from synapse_common.ports import HOST

from tests.integration.trace_collector import TraceCollector

# One worker runs all that shares the session's stack.
pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("stack")]

TIMEOUT_S = 30
CLEAN = "Hello! What does Synapse do?"


def moderate(gateway: Gateway, text: str = CLEAN, timeout: float = TIMEOUT_S) -> moderation_pb2.ModerateResponse:
    return gateway.moderation.Moderate(moderation_pb2.ModerateRequest(texts=[text]), timeout=timeout)


def complete(gateway: Gateway, text: str = CLEAN, timeout: float = TIMEOUT_S) -> chat_pb2.CompleteResponse:
    message = chat_pb2.ChatMessage(role=chat_pb2.ROLE_USER, content=text)
    return gateway.chat.Complete(chat_pb2.CompleteRequest(messages=[message]), timeout=timeout)


def code_of(error: grpc.RpcError) -> grpc.StatusCode:
    assert isinstance(error, grpc.Call)
    return error.code()


def status_of(call: Callable[[], object]) -> tuple[grpc.StatusCode, str, list[str]]:
    """Code, message and fields of a call that must fail."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    error = caught.value
    assert isinstance(error, grpc.Call)
    fields = []
    if status := rpc_status.from_call(error):
        for detail in status.details:
            bad_request = error_details_pb2.BadRequest()
            if detail.Unpack(bad_request):
                fields += [violation.field for violation in bad_request.field_violations]
    return error.code(), error.details() or "", fields


def succeeds_within(seconds: float, call: Callable[[], object]) -> None:
    """Retry a call that may be UNAVAILABLE for now; anything else is a failure at once."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            call()
        except grpc.RpcError as error:
            if code_of(error) != grpc.StatusCode.UNAVAILABLE or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def metric(config: StackConfig, service: str, name: str) -> float:
    """Sum of a metric's samples on a service's admin port."""
    text = httpx.get(f"http://{HOST}:{config.ports[service]['metrics']}/metrics").text
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE))


@pytest.fixture
def away(stack: LocalStack, stack_config: StackConfig) -> Iterator[Callable[[str], Callable[[], None]]]:
    """Kill a process; the returned function brings it back. What is still away at the end comes back then."""
    killed: set[str] = set()

    def bring_back(name: str) -> None:
        killed.discard(name)
        stack.restart(stack_config, name).wait_ready(60, lambda *_: None)

    def kill(name: str) -> Callable[[], None]:
        stack.process(name).kill()
        killed.add(name)
        return lambda: bring_back(name)

    yield kill
    for name in list(killed):
        bring_back(name)


def test_a_killed_predictor_is_unavailable_and_recovers_by_itself(
    gateway: Gateway, away: Callable[[str], Callable[[], None]]
) -> None:
    moderate(gateway)
    bring_back = away("moderation")
    assert status_of(lambda: moderate(gateway))[0] == grpc.StatusCode.UNAVAILABLE
    assert status_of(lambda: complete(gateway))[0] == grpc.StatusCode.UNAVAILABLE
    bring_back()
    succeeds_within(10, lambda: moderate(gateway))
    succeeds_within(10, lambda: complete(gateway))


def test_without_the_drift_monitor_requests_go_on_and_dropped_events_are_counted(
    gateway: Gateway, stack_config: StackConfig, away: Callable[[str], Callable[[], None]]
) -> None:
    bring_back = away("drift_monitor")
    before = metric(stack_config, "gateway", "synapse_events_dropped_total")
    for _ in range(5):
        moderate(gateway)
    deadline = time.monotonic() + 20
    while metric(stack_config, "gateway", "synapse_events_dropped_total") <= before:
        assert time.monotonic() < deadline, "no event was counted as dropped"
        moderate(gateway)
    bring_back()
    received = metric(stack_config, "drift_monitor", "synapse_drift_events_total")
    deadline = time.monotonic() + 20
    while metric(stack_config, "drift_monitor", "synapse_drift_events_total") <= received:
        assert time.monotonic() < deadline, "no event reached the monitor after it came back"
        moderate(gateway)


def test_without_the_upstream_chat_and_embeddings_are_unavailable_and_moderation_goes_on(
    gateway: Gateway, away: Callable[[str], Callable[[], None]]
) -> None:
    bring_back = away("local_upstream")
    assert status_of(lambda: complete(gateway))[0] == grpc.StatusCode.UNAVAILABLE
    embed = embeddings_pb2.EmbedRequest(inputs=["hello"])
    assert status_of(lambda: gateway.embeddings.Embed(embed, timeout=TIMEOUT_S))[0] == grpc.StatusCode.UNAVAILABLE
    moderate(gateway)
    bring_back()
    succeeds_within(10, lambda: complete(gateway))
    succeeds_within(10, lambda: gateway.embeddings.Embed(embed, timeout=TIMEOUT_S))


@pytest.mark.parametrize(
    ("text", "field"),
    [("", "texts[0]"), ("   ", "texts[0]"), ("x" * 200_000, "texts[0]")],
    ids=["empty", "blank", "too long"],
)
def test_a_text_that_breaks_a_rule_is_refused_with_its_field(gateway: Gateway, text: str, field: str) -> None:
    code, message, fields = status_of(lambda: moderate(gateway, text))
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert fields == [field]
    assert "x" * 50 not in message


def test_a_batch_over_the_limit_is_refused(gateway: Gateway) -> None:
    request = moderation_pb2.ModerateRequest(texts=["hello"] * 10_000)
    code, _, fields = status_of(lambda: gateway.moderation.Moderate(request, timeout=TIMEOUT_S))
    assert (code, fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["texts"])


def test_an_unknown_model_is_refused(gateway: Gateway) -> None:
    message = chat_pb2.ChatMessage(role=chat_pb2.ROLE_USER, content=CLEAN)
    request = chat_pb2.CompleteRequest(messages=[message], model="no-such-model")
    code, _, fields = status_of(lambda: gateway.chat.Complete(request, timeout=TIMEOUT_S))
    assert code in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT)
    assert fields == ["model"]


def test_bytes_that_are_not_utf8_are_refused(connection: Connection) -> None:
    """A protobuf string must be UTF-8; a client that sends other bytes is at fault, not the server."""
    credentials = grpc.composite_channel_credentials(
        grpc.ssl_channel_credentials(connection.ca.read_bytes()), grpc.access_token_call_credentials(connection.token)
    )
    with grpc.secure_channel(connection.address, credentials) as channel:
        call = channel.unary_unary("/synapse.v1.ModerationService/Moderate")
        text = b"\xff\xfe"
        code, message, _ = status_of(lambda: call(bytes([0x0A, len(text)]) + text, timeout=TIMEOUT_S))
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert "UTF-8" in message


def test_an_expired_deadline_ends_the_call_and_nothing_stays_behind(
    gateway: Gateway, stack_config: StackConfig
) -> None:
    batch = moderation_pb2.ModerateRequest(texts=["hello, this is one of many messages"] * 64)
    code, _, _ = status_of(lambda: gateway.moderation.Moderate(batch, timeout=0.005))
    assert code == grpc.StatusCode.DEADLINE_EXCEEDED
    succeeds_within(10, lambda: moderate(gateway))
    deadline = time.monotonic() + 10
    while metric(stack_config, "moderation", "moderation_waiting"):
        assert time.monotonic() < deadline, "texts of the expired call are still waiting"
        time.sleep(0.05)


def test_a_client_that_leaves_midway_leaves_nothing_behind(gateway: Gateway, stack_config: StackConfig) -> None:
    message = chat_pb2.ChatMessage(role=chat_pb2.ROLE_USER, content=CLEAN)
    for _ in range(5):
        stream = gateway.chat.Stream(chat_pb2.StreamRequest(messages=[message]), timeout=TIMEOUT_S)
        next(iter(stream))
        stream.cancel()
    deadline = time.monotonic() + 10
    while metric(stack_config, "gateway", "rpc_server_in_flight"):
        assert time.monotonic() < deadline, "cancelled calls are still in flight"
        time.sleep(0.05)
    complete(gateway)


def test_a_call_without_a_token_is_unauthenticated(stack: LocalStack, connection: Connection) -> None:
    forged = Connection(connection.address, connection.ca, "not.a.token")
    with open_gateway(forged) as gateway:
        assert status_of(lambda: moderate(gateway))[0] == grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("service", ["gateway", "moderation"])
def test_only_tls_13_is_spoken(stack: LocalStack, stack_config: StackConfig, service: str) -> None:
    host, port = stack_config.address(service).split(":")
    context = ssl.create_default_context(cafile=str(stack.paths.ca))
    context.load_cert_chain(stack.paths.certificates / "client.pem", stack.paths.certificates / "client.key")
    context.set_alpn_protocols(["h2"])
    with socket.create_connection((host, int(port))) as raw, context.wrap_socket(raw, server_hostname=host) as secure:
        assert secure.version() == "TLSv1.3"
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection((host, int(port))) as raw, pytest.raises((ssl.SSLError, ConnectionResetError)):
        context.wrap_socket(raw, server_hostname=host)


def test_a_trace_crosses_the_services(gateway: Gateway, traces: TraceCollector) -> None:
    complete(gateway)
    gateway.embeddings.Embed(embeddings_pb2.EmbedRequest(inputs=["hello"]), timeout=TIMEOUT_S)
    assert traces.wait_for_services({"synapse-gateway", "synapse-moderation"}, 30)
    assert traces.wait_for_services({"synapse-gateway", "synapse-embeddings"}, 30)


def test_logs_hold_no_message_text(gateway: Gateway, stack: LocalStack) -> None:
    secret = "zebra quartz lighthouse"
    complete(gateway, f"Hello, tell me about {secret}")
    moderate(gateway, secret)
    for log in stack.paths.logs.glob("*.log"):
        assert secret not in log.read_text(), log.name


def test_metrics_count_calls_by_status(gateway: Gateway, stack_config: StackConfig) -> None:
    moderate(gateway)
    status_of(lambda: moderate(gateway, ""))
    port = stack_config.ports["gateway"]["metrics"]
    text = httpx.get(f"http://{HOST}:{port}/metrics").text
    for code in ("OK", "INVALID_ARGUMENT"):
        pattern = rf'rpc_server_duration_seconds_count{{.*code="{code}".*rpc_method="/synapse.v1.ModerationService'
        assert re.search(pattern, text), code


def test_feedback_survives_a_kill(
    gateway: Gateway, stack: LocalStack, away: Callable[[str], Callable[[], None]]
) -> None:
    from synapse.v1 import feedback_pb2

    request = feedback_pb2.RateRequest(conversation_id="c-kill", rating=3)
    acknowledged = [gateway.feedback.Rate(request, timeout=TIMEOUT_S).feedback_id for _ in range(5)]
    away("gateway")()
    written = "".join(Path(file).read_text() for file in stack.paths.feedback.rglob("*.jsonl"))
    assert all(feedback_id in written for feedback_id in acknowledged)
    succeeds_within(10, lambda: gateway.feedback.Rate(request, timeout=TIMEOUT_S))
