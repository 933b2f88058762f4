"""Metrics that a test can read."""

from __future__ import annotations

from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from synapse_gateway.metrics import GatewayMetrics


class Metering:
    """A meter provider of its own, with the gateway's instruments."""

    def __init__(self) -> None:
        self._reader = InMemoryMetricReader()
        self._provider = MeterProvider([self._reader])
        self.metrics = GatewayMetrics(self._provider.get_meter("test"))

    def points(self, name: str) -> list[tuple[dict[str, Any], float]]:
        """Labels and value (a histogram's count) of every series of an instrument."""
        data = self._reader.get_metrics_data()
        found = []
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    if metric.name == name:
                        found += [
                            (dict(point.attributes), getattr(point, "value", None) or getattr(point, "count", 0))
                            for point in metric.data.data_points
                        ]
        return found

    def total(self, name: str, **labels: str) -> float:
        return sum(value for given, value in self.points(name) if labels.items() <= given.items())

    def close(self) -> None:
        self._provider.shutdown()
