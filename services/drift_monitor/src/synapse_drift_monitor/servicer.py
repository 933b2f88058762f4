"""gRPC side: messages to calls of the monitor and back."""
# ruff: noqa: ARG002, N802  (gRPC's signatures and method names)

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from google.protobuf.timestamp_pb2 import Timestamp
from synapse.v1 import drift_pb2 as pb
from synapse.v1 import drift_pb2_grpc as pb_grpc
from synapse_common.errors import InvalidInput, NotFound
from synapse_common.logs import get_logger
from synapse_common.server.wrap import Context

from synapse_drift_monitor.drift.measure import Measurement
from synapse_drift_monitor.metrics import DriftMetrics
from synapse_drift_monitor.monitor import Monitor
from synapse_drift_monitor.reporter import Reporter

_log = get_logger(__name__)


class DriftMonitorServicer(pb_grpc.DriftMonitorServiceServicer):
    """synapse.v1.DriftMonitorService over one monitor."""

    def __init__(self, monitor: Monitor, reporter: Reporter, metrics: DriftMetrics) -> None:
        self._monitor = monitor
        self._reporter = reporter
        self._metrics = metrics
        self._draining = asyncio.Event()

    def drain(self) -> None:
        """End the event streams, which their senders would keep open, once their current batch is acknowledged."""
        self._draining.set()

    async def Record(
        self, request_iterator: AsyncIterator[pb.RecordRequest], context: Context
    ) -> AsyncIterator[pb.RecordResponse]:
        """Take batches of events; one malformed event does not spoil its batch."""
        draining = asyncio.ensure_future(self._draining.wait())
        try:
            while not draining.done():
                request = asyncio.ensure_future(anext(request_iterator, None))
                await asyncio.wait({request, draining}, return_when=asyncio.FIRST_COMPLETED)
                if not request.done():
                    request.cancel()
                    return
                if (batch := request.result()) is None:
                    return
                yield self._take(batch)
        finally:
            draining.cancel()

    async def GetStatus(self, request: pb.GetStatusRequest, context: Context) -> pb.GetStatusResponse:
        """Say how far the window of a version is from the reference."""
        status = await self._monitor.status(request.model_version)
        response = pb.GetStatusResponse(
            model_version=status.model_version,
            level=pb.DRIFT_LEVEL_UNKNOWN,
            window_events=status.window_events,
            total_events=status.total_events,
            history=[_point(measurement) for measurement in status.history],
        )
        if status.measurement is not None:
            response.level = status.measurement.level
            response.drift_percent = status.measurement.percent
            response.signals.extend(_signals(status.measurement))
        return response

    async def WriteReport(self, request: pb.WriteReportRequest, context: Context) -> pb.WriteReportResponse:
        """Write a report of the current window."""
        reference = self._monitor.reference
        if request.model_version not in ("", reference.model_version):
            raise NotFound(
                f"there is no reference for model version {request.model_version[:64]!r}; "
                f"reports are of {reference.model_version!r}",
                field="model_version",
            )
        path = await self._reporter.write(reference, self._monitor.current_frame(), context.time_remaining())
        return pb.WriteReportResponse(path=str(path))

    def _take(self, request: pb.RecordRequest) -> pb.RecordResponse:
        rejected = 0
        for event in request.events:
            try:
                self._monitor.record(event)
            except InvalidInput as error:
                rejected += 1
                self._metrics.rejected(error.field or "event")
                _log.debug("malformed event", reason=error.message)
        accepted = len(request.events) - rejected
        self._metrics.accepted(accepted)
        return pb.RecordResponse(accepted=accepted, rejected=rejected)


def _signals(measurement: Measurement) -> list[pb.SignalDrift]:
    return [
        pb.SignalDrift(
            signal=item.signal,
            drift_percent=item.distance.percent,
            interval_low_percent=item.distance.low,
            interval_high_percent=item.distance.high,
        )
        for item in measurement.signals
    ]


def _point(measurement: Measurement) -> pb.DriftPoint:
    time = Timestamp()
    time.FromDatetime(measurement.time)
    return pb.DriftPoint(time=time, drift_percent=measurement.percent, events=measurement.events)
