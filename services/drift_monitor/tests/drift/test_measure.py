from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from synapse.v1 import drift_pb2 as pb
from synapse_drift_monitor.drift.distance import Distance
from synapse_drift_monitor.drift.measure import Measurement, SignalDrift, measure
from synapse_drift_monitor.drift.reference import Reference


@pytest.mark.parametrize("events", [100, 200, 2000])
def test_windows_without_drift_raise_hardly_any_alarm(reference: Reference, population: Any, events: int) -> None:
    """All eleven signals together, forty windows a size: at most 5 % may be called a drift."""
    random = np.random.default_rng(events)
    found = [measure(reference, population().draw(events, random), 100) for _ in range(40)]
    alarms = [item.percent for item in found if item.level != pb.DRIFT_LEVEL_OK]
    assert len(alarms) <= 4, alarms


@pytest.mark.parametrize("events", [200, 2000])
def test_a_shift_is_critical_and_named(reference: Reference, population: Any, events: int) -> None:
    random = np.random.default_rng(3)
    scores = measure(reference, population(shift=1.0).draw(events, random), 100)
    assert scores.level == pb.DRIFT_LEVEL_CRITICAL
    assert max(scores.signals, key=lambda item: item.distance.percent).signal.startswith("score:")

    language = measure(reference, population(portuguese=0.9).draw(events, random), 100)
    assert language.level == pb.DRIFT_LEVEL_CRITICAL
    drifted = [item.signal for item in language.signals if item.distance.percent > 0]
    assert drifted == ["language"]
    assert language.percent == pytest.approx(50, abs=8)


def test_too_few_events_say_nothing(reference: Reference, population: Any) -> None:
    found = measure(reference, population(shift=5).draw(99, np.random.default_rng(0)), 100)
    assert (found.level, found.percent, found.events) == (pb.DRIFT_LEVEL_UNKNOWN, 0, 99)


def test_the_same_window_gives_the_same_answer(reference: Reference, population: Any) -> None:
    window = population(shift=0.3).draw(300, np.random.default_rng(0))
    assert measure(reference, window, 100).signals == measure(reference, window, 100).signals


@pytest.mark.parametrize(
    ("percent", "level"),
    [
        (0, pb.DRIFT_LEVEL_OK),
        (5, pb.DRIFT_LEVEL_OK),
        (5.1, pb.DRIFT_LEVEL_WARNING),
        (10, pb.DRIFT_LEVEL_WARNING),
        (10.1, pb.DRIFT_LEVEL_CRITICAL),
    ],
)
def test_levels(reference: Reference, percent: float, level: int) -> None:
    drifts = [SignalDrift("a", Distance(0, 0, 3)), SignalDrift("b", Distance(percent, percent / 2, 20))]
    assert Measurement(datetime.now(UTC), 500, drifts).level == level
