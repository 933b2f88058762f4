import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from synapse.v1 import chat_pb2, chat_pb2_grpc
from synapse_common.ports import HOST, free_port
from synapse_common.testing import ServiceProcess

RunScripted = Callable[..., ServiceProcess]
OpenChannel = Callable[[ServiceProcess], grpc.Channel]
Say = Callable[[str], chat_pb2.CompleteRequest]


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """An OTLP receiver that keeps what it is sent."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.services: set[str] = set()
        self.changed = threading.Condition()

    def Export(  # noqa: N802  (gRPC's name)
        self, request: trace_service_pb2.ExportTraceServiceRequest, context: grpc.ServicerContext
    ) -> trace_service_pb2.ExportTraceServiceResponse:
        with self.changed:
            for part in request.resource_spans:
                self.services |= {a.value.string_value for a in part.resource.attributes if a.key == "service.name"}
                self.spans += [span for scope in part.scope_spans for span in scope.spans]
            self.changed.notify_all()
        return trace_service_pb2.ExportTraceServiceResponse()


@pytest.fixture
def collector() -> Iterator[tuple[Collector, str]]:
    receiver = Collector()
    server = grpc.server(ThreadPoolExecutor(1))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(receiver, server)
    port = server.add_insecure_port(f"{HOST}:0")
    server.start()
    yield receiver, f"http://{HOST}:{port}"
    server.stop(None).wait()


def test_one_trace_crosses_two_services_and_carries_no_text(
    collector: tuple[Collector, str], run_scripted: RunScripted, open_sync_channel: OpenChannel, say: Say
) -> None:
    receiver, endpoint = collector
    front, back = (run_scripted(name, otlp_endpoint=endpoint) for name in ("front", "back"))
    front.wait_ready()
    back.wait_ready()
    front.get("/readyz")

    chat_pb2_grpc.ChatServiceStub(open_sync_channel(front)).Complete(say(f"ask {back.address}"), timeout=20)

    with receiver.changed:
        assert receiver.changed.wait_for(lambda: len(receiver.spans) >= 3, timeout=20)
    server_front, client_front, server_back = sorted(receiver.spans, key=lambda span: span.start_time_unix_nano)
    assert {span.trace_id for span in receiver.spans} == {server_front.trace_id}
    assert server_front.parent_span_id == b""
    assert client_front.parent_span_id == server_front.span_id
    assert server_back.parent_span_id == client_front.span_id
    kinds = [span.kind for span in (server_front, client_front, server_back)]
    assert kinds == [Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CLIENT, Span.SPAN_KIND_SERVER]
    assert receiver.services == {"synapse-scripted"}
    assert "hello" not in str(receiver.spans)


def test_a_collector_that_is_away_does_not_keep_the_process(
    run_scripted: RunScripted, open_sync_channel: OpenChannel, say: Say
) -> None:
    service = run_scripted(otlp_endpoint=f"http://{HOST}:{free_port()}")
    service.wait_ready()
    chat_pb2_grpc.ChatServiceStub(open_sync_channel(service)).Complete(say("hello"), timeout=20)
    began = time.monotonic()
    service.terminate()
    assert service.wait() == 0
    assert time.monotonic() - began < 10
