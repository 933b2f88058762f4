"""The drift monitor as the shared bootstrap runs it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import ClassVar

import grpc
from synapse.v1 import drift_pb2, drift_pb2_grpc
from synapse_common.bundle import Bundle
from synapse_common.logs import get_logger
from synapse_common.server import ServiceApp

from synapse_drift_monitor.drift.reference import Reference, load_reference
from synapse_drift_monitor.metrics import DriftMetrics
from synapse_drift_monitor.monitor import Monitor
from synapse_drift_monitor.reporter import Reporter
from synapse_drift_monitor.servicer import DriftMonitorServicer
from synapse_drift_monitor.settings import DriftMonitorSettings

SERVICE_NAME = drift_pb2.DESCRIPTOR.services_by_name["DriftMonitorService"].full_name
_log = get_logger(__name__)


class DriftMonitorApp(ServiceApp):
    """Serves synapse.v1.DriftMonitorService, and measures now and then by itself."""

    name: ClassVar[str] = "drift_monitor"

    def __init__(self, settings: DriftMonitorSettings) -> None:
        self._settings = settings
        self._monitor = Monitor(settings)
        self._measuring: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Load and verify the reference window; events were taken since the server listened.

        Raises:
            BundleError: the bundle is missing or corrupt, or its reference window cannot be used.
        """
        self._monitor.set_reference(await asyncio.to_thread(self._load))
        self._measuring = asyncio.create_task(self._measure_for_ever())

    def register(self, server: grpc.aio.Server) -> Sequence[str]:
        """Add the drift monitor's service."""
        settings = self._settings
        reporter = Reporter(settings.report_folder, kept=settings.reports_kept, timeout_s=settings.report_timeout_s)
        self._servicer = DriftMonitorServicer(self._monitor, reporter, DriftMetrics(self._monitor))
        drift_pb2_grpc.add_DriftMonitorServiceServicer_to_server(self._servicer, server)
        return [SERVICE_NAME]

    async def drain(self) -> None:
        """End the event streams."""
        self._servicer.drain()

    async def close(self) -> None:
        """Stop measuring."""
        if self._measuring is not None:
            self._measuring.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._measuring

    def _load(self) -> Reference:
        return load_reference(Bundle.open(self._settings.bundle, kind="moderation"), self._settings.reference)

    async def _measure_for_ever(self) -> None:
        """Keep metrics and history up to date when nobody asks."""
        while True:
            await asyncio.sleep(self._settings.evaluate_every_s)
            try:
                await self._monitor.measure()
            except Exception as error:
                _log.error("a measurement failed", exc_info=error)
