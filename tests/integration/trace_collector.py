"""A small OTLP collector on loopback: keeps the spans that services send it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc


class TraceCollector(trace_service_pb2_grpc.TraceServiceServicer):
    """Spans by trace: for each trace id the (service, span name) pairs seen."""

    def __init__(self) -> None:
        self.port = 0
        self._changed = threading.Condition()
        self._traces: dict[str, set[tuple[str, str]]] = {}

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[TraceCollector]:
        collector = cls()
        server = grpc.server(ThreadPoolExecutor(2))
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, server)
        collector.port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield collector
        server.stop(1).wait()

    def Export(  # noqa: N802  (gRPC's method name)
        self, request: trace_service_pb2.ExportTraceServiceRequest, context: grpc.ServicerContext
    ) -> trace_service_pb2.ExportTraceServiceResponse:
        with self._changed:
            for resource_spans in request.resource_spans:
                attributes = {item.key: item.value.string_value for item in resource_spans.resource.attributes}
                for scope in resource_spans.scope_spans:
                    for span in scope.spans:
                        seen = self._traces.setdefault(span.trace_id.hex(), set())
                        seen.add((attributes["service.name"], span.name))
            self._changed.notify_all()
        return trace_service_pb2.ExportTraceServiceResponse()

    def wait_for_services(self, services: set[str], timeout_s: float) -> set[tuple[str, str]]:
        """Spans of a trace that crossed all of `services`; empty when none came in time."""

        def found() -> set[tuple[str, str]]:
            for spans in self._traces.values():
                if services <= {service for service, _ in spans}:
                    return spans
            return set()

        with self._changed:
            return self._changed.wait_for(found, timeout_s) or set()
