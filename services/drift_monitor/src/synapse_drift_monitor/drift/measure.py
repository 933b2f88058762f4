"""One measurement: the drift of every signal between a window and the reference, and the level it amounts to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
import pandas as pd
from synapse.v1.drift_pb2 import DriftLevel

from synapse_drift_monitor.drift.distance import Distance, drift_distance
from synapse_drift_monitor.drift.reference import Reference

WARNING_PERCENT: Final = 5.0
CRITICAL_PERCENT: Final = 10.0
# Chance that a window without any drift shows some, over all signals together.
_FALSE_ALARM_RATE: Final = 0.05
_DRAWS: Final = 2000
# The resamples are always the same, so that the same window gives the same answer.
_SEED: Final = 20_240_501


@dataclass(frozen=True)
class SignalDrift:
    """The drift of one signal."""

    signal: str
    distance: Distance


@dataclass(frozen=True)
class Measurement:
    """The state of one window. `signals` is empty, and the level unknown, when there were too few events."""

    time: datetime
    events: int
    signals: Sequence[SignalDrift]

    @property
    def percent(self) -> float:
        """The largest drift of the signals; 0 when there are none."""
        return max((item.distance.percent for item in self.signals), default=0.0)

    @property
    def level(self) -> DriftLevel.ValueType:
        """The level that the drift amounts to."""
        if not self.signals:
            return DriftLevel.DRIFT_LEVEL_UNKNOWN
        if self.percent > CRITICAL_PERCENT:
            return DriftLevel.DRIFT_LEVEL_CRITICAL
        if self.percent > WARNING_PERCENT:
            return DriftLevel.DRIFT_LEVEL_WARNING
        return DriftLevel.DRIFT_LEVEL_OK


def measure(reference: Reference, window: pd.DataFrame, min_events: int) -> Measurement:
    """Compare `window`, a table with the columns of the reference, with `reference`. Takes about 0.1 s.

    The intervals share the false-alarm rate among the signals (Bonferroni), so that the largest of them raises an alarm
    no more often than one signal alone would. The scores of related categories move together, so it is rather less.
    """
    now = datetime.now(UTC)
    if len(window) < min_events:
        return Measurement(now, len(window), ())
    random = np.random.default_rng(_SEED)
    confidence = 1.0 - _FALSE_ALARM_RATE / len(reference.signals)
    drifts = [
        SignalDrift(
            signal.name,
            drift_distance(
                signal.counts,
                signal.bins.count(window[signal.column]),
                confidence=confidence,
                draws=_DRAWS,
                random=random,
            ),
        )
        for signal in reference.signals
    ]
    return Measurement(now, len(window), tuple(drifts))
