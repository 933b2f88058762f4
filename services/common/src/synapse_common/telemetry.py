"""OpenTelemetry: traces over OTLP where a collector is set, metrics as Prometheus text on the admin port."""

from __future__ import annotations

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

# Seconds. Dense where the objectives are (50, 100, 200 and 500 ms), so their quantiles are read without guessing.
LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0)

_EXPORT_TIMEOUT_S = 3.0  # a collector that is away may hold up the end of the process for this long, not longer


def configure_telemetry(service: str, version: str, otlp_endpoint: str | None) -> None:
    """Install the process's tracer and meter providers; call once, at start."""
    resource = Resource.create({"service.name": f"synapse-{service}", "service.version": version})
    tracer_provider = TracerProvider(resource=resource)
    if otlp_endpoint:
        insecure = otlp_endpoint.startswith("http://")
        exporter = OTLPSpanExporter(endpoint=otlp_endpoint, insecure=insecure, timeout=_EXPORT_TIMEOUT_S)
        tracer_provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1000))
    trace.set_tracer_provider(tracer_provider)
    metrics.set_meter_provider(
        MeterProvider(
            resource=resource,
            metric_readers=[PrometheusMetricReader(scope_info_enabled=False)],
            views=[
                View(
                    instrument_name="*.duration",
                    aggregation=ExplicitBucketHistogramAggregation(boundaries=LATENCY_BUCKETS),
                )
            ],
        )
    )


def shutdown_telemetry() -> None:
    """Send what is still buffered; call once, after the last call ended."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.shutdown()
