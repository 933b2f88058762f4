"""The monitor: a window for each model version, and measurements of the one that the reference belongs to."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
from synapse.v1 import drift_pb2 as pb
from synapse_common.errors import NotFound, Unavailable
from synapse_common.logs import get_logger

from synapse_drift_monitor.drift.measure import Measurement, measure
from synapse_drift_monitor.drift.reference import Reference
from synapse_drift_monitor.events import observation_of
from synapse_drift_monitor.settings import DriftMonitorSettings
from synapse_drift_monitor.window import Window

_log = get_logger(__name__)

# A measurement holds until this share of the window has changed.
_STALE_SHARE = 0.01


@dataclass(frozen=True)
class Status:
    """What is known of one model version. `measurement` is None where there is no reference to compare with."""

    model_version: str
    measurement: Measurement | None
    window_events: int
    total_events: int
    history: Sequence[Measurement]


class Monitor:
    """Takes events and measures. All methods run on one event loop; only the arithmetic goes to a thread."""

    def __init__(self, settings: DriftMonitorSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._windows: OrderedDict[str, Window] = OrderedDict()  # the version heard of last is the last
        self._reference: Reference | None = None
        self._latest: Measurement | None = None
        self._measured_revision = -1
        self._history: deque[Measurement] = deque(maxlen=settings.history_size)
        self._measuring = asyncio.Lock()

    @property
    def latest(self) -> Measurement | None:
        """The last measurement, for metrics; None before the first."""
        return self._latest

    @property
    def window_sizes(self) -> dict[str, int]:
        """Events in the window of each model version."""
        return {version: len(window) for version, window in self._windows.items()}

    @property
    def reference(self) -> Reference:
        """The loaded reference.

        Raises:
            Unavailable: it is not loaded yet.
        """
        if self._reference is None:
            raise Unavailable("the reference window is not loaded yet", retry_after_s=2)
        return self._reference

    def set_reference(self, reference: Reference) -> None:
        """The reference window to compare with from now on."""
        self._reference = reference

    def record(self, event: pb.PredictionEvent) -> None:
        """Take one event.

        Raises:
            InvalidInput: it is malformed.
        """
        observation = observation_of(event)
        window = self._window(event.model_version)
        window.total_events += 1
        if event.route in self._settings.routes:
            window.add(observation, self._clock())

    async def status(self, model_version: str) -> Status:
        """The status of a version; empty for the reference's.

        Raises:
            Unavailable: the reference is not loaded yet.
            NotFound: neither the reference's version, nor one that sent events.
        """
        reference = self.reference
        version = model_version or reference.model_version
        if version == reference.model_version:
            measurement = await self.measure()
            window = self._window(version)
            return Status(version, measurement, measurement.events, window.total_events, tuple(self._history))
        if version not in self._windows:
            raise NotFound(f"no events of model version {version[:64]!r}", field="model_version")
        window = self._windows[version]
        window.expire(self._clock())
        return Status(version, None, len(window), window.total_events, ())

    async def measure(self) -> Measurement:
        """Measure the window of the reference's version, or return the last measurement while it still holds.

        Raises:
            Unavailable: the reference is not loaded yet.
        """
        reference = self.reference
        async with self._measuring:
            window = self._window(reference.model_version)
            window.expire(self._clock())
            changed = window.revision - self._measured_revision
            if self._latest is not None and changed <= _STALE_SHARE * len(window):
                return self._latest
            revision = window.revision
            measurement = await asyncio.to_thread(measure, reference, window.frame(), self._settings.min_events)
            self._remember(measurement, revision)
            return measurement

    def current_frame(self) -> pd.DataFrame:
        """The reference version's window as a table, for a report.

        Raises:
            Unavailable: the reference is not loaded yet, or the window has too few events to say anything.
        """
        window = self._window(self.reference.model_version)
        window.expire(self._clock())
        if len(window) < self._settings.min_events:
            raise Unavailable(
                f"the window has {len(window)} events; a report needs {self._settings.min_events}; try again later"
            )
        return window.frame()

    def _remember(self, measurement: Measurement, revision: int) -> None:
        if self._latest is None or self._latest.level != measurement.level:
            level = pb.DriftLevel.Name(measurement.level).removeprefix("DRIFT_LEVEL_").lower()
            _log.info("drift level", level=level, percent=round(measurement.percent, 2), events=measurement.events)
        self._latest = measurement
        self._measured_revision = revision
        if measurement.signals:
            self._history.append(measurement)

    def _window(self, version: str) -> Window:
        """The window of a version, made when it is new; then the stalest other one gives way if there are too many."""
        window = self._windows.get(version)
        if window is None:
            window = self._windows[version] = Window(self._settings.window_size, self._settings.window_max_age_s)
            if len(self._windows) > self._settings.max_versions:
                kept = {version, self._reference.model_version if self._reference else version}
                stalest = next((name for name in self._windows if name not in kept), None)
                if stalest is not None:
                    del self._windows[stalest]
        self._windows.move_to_end(version)
        return window
