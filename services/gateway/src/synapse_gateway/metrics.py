"""The gateway's own metrics."""

from __future__ import annotations

from typing import Literal, get_args

from opentelemetry.metrics import Meter

DropReason = Literal["queue full", "monitor away", "shutdown", "internal error"]


class GatewayMetrics:
    """Instruments of one meter; make it after the meter provider is installed."""

    def __init__(self, meter: Meter) -> None:
        self.stage_duration = meter.create_histogram(
            "guard.stage.duration", unit="s", description="time in one stage, by stage and outcome"
        )
        self.failed_open = meter.create_counter(
            "guard.stage.failed_open", description="calls that went on without a stage that could not work, by stage"
        )
        self.blocked = meter.create_counter("guard.blocked", description="withheld answers, by side and category")
        self.events_sent = meter.create_counter(
            "synapse.events.sent", description="prediction events that the drift monitor took"
        )
        self.events_rejected = meter.create_counter(
            "synapse.events.rejected", description="prediction events that the drift monitor refused as malformed"
        )
        self.events_dropped = meter.create_counter(
            "synapse.events.dropped", description="prediction events lost: the queue was full, or the monitor away"
        )
        # Alerts need the zero before the first event is lost.
        for reason in get_args(DropReason):
            self.events_dropped.add(0, {"reason": reason})
