"""What the monitor tells Prometheus."""

from __future__ import annotations

from collections.abc import Iterable

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from synapse_drift_monitor.monitor import Monitor


class DriftMetrics:
    """Gauges that read the monitor when scraped, and counters of events. Make one, after the meter provider is set."""

    def __init__(self, monitor: Monitor) -> None:
        meter = metrics.get_meter("synapse.drift_monitor")
        self._events = meter.create_counter("synapse.drift.events", description="events by outcome")

        def percent(_options: CallbackOptions) -> Iterable[Observation]:
            latest = monitor.latest
            drifts = latest.signals if latest else ()
            return [Observation(item.distance.percent, {"signal": item.signal}) for item in drifts]

        def window(_options: CallbackOptions) -> Iterable[Observation]:
            return [Observation(size, {"model_version": name}) for name, size in monitor.window_sizes.items()]

        meter.create_observable_gauge(
            "synapse.drift.percent", callbacks=[percent], description="drift from the reference, 0 to 100"
        )
        meter.create_observable_gauge(
            "synapse.drift.window_events", callbacks=[window], description="events in the current window"
        )

    def accepted(self, count: int) -> None:
        """Count events that were taken."""
        self._events.add(count, {"outcome": "accepted"})

    def rejected(self, field: str) -> None:
        """Count an event that was refused because of `field`."""
        self._events.add(1, {"outcome": "rejected", "field": field})
