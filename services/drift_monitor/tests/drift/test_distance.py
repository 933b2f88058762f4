import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synapse_drift_monitor.drift.distance import Distance, drift_distance

counts = st.lists(st.integers(0, 500), min_size=2, max_size=12)


def distance(
    reference: list[int] | np.ndarray, window: list[int] | np.ndarray, confidence: float = 0.995, seed: int = 0
) -> Distance:
    return drift_distance(
        np.asarray(reference, dtype=np.int64),
        np.asarray(window, dtype=np.int64),
        confidence=confidence,
        draws=1000,
        random=np.random.default_rng(seed),
    )


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_it_is_bounded_and_the_interval_holds_it(data: st.DataObject) -> None:
    reference = data.draw(counts.filter(any))
    window = data.draw(st.lists(st.integers(0, 500), min_size=len(reference), max_size=len(reference)).filter(any))
    found = distance(reference, window)
    assert 0 <= found.low <= found.high <= 100
    assert found.percent == 0 or found.low <= found.percent <= found.high
    assert (found.percent > 0) == (found.low > 0)


def test_no_overlap_is_a_hundred_percent() -> None:
    found = distance([1000, 0], [0, 1000])
    assert found.percent == pytest.approx(100, abs=1)
    assert found.high == 100


def test_equal_samples_have_none_but_may_hide_some() -> None:
    found = distance([500, 500], [100, 100])
    assert (found.percent, found.low) == (0, 0)
    assert 5 < found.high < 25


@pytest.mark.parametrize("events", [200, 500, 2000])
def test_no_drift_raises_no_alarm(events: int) -> None:
    """The plain distance shows 3 to 9 % here; 200 windows a size."""
    random = np.random.default_rng(events)
    even = np.full(10, 0.1)
    found = [
        distance(random.multinomial(2000, even), random.multinomial(events, even), seed=seed) for seed in range(200)
    ]
    # 0.25 % of windows may; 4 of 200 would happen once in 600 such tests.
    assert sum(item.percent > 0 for item in found) <= 3


@pytest.mark.parametrize(
    ("drift", "events", "tolerance"), [(0.10, 2000, 1.5), (0.20, 500, 1.5), (0.40, 200, 1.5), (0.40, 100, 2.0)]
)
def test_a_drift_is_measured_without_bias(drift: float, events: int, tolerance: float) -> None:
    random = np.random.default_rng(7)
    even = np.full(10, 0.1)
    shifted = even + np.repeat([-drift / 5, drift / 5], 5)
    found = [
        distance(random.multinomial(4000, even), random.multinomial(events, shifted), seed=seed) for seed in range(60)
    ]
    assert np.mean([item.percent for item in found]) == pytest.approx(100 * drift, abs=tolerance)
    covered = [item.low <= 100 * drift <= item.high for item in found]
    assert np.mean(covered) >= 0.95


def test_more_events_narrow_the_interval() -> None:
    few, many = distance([500, 500], [65, 35]), distance([5000, 5000], [6500, 3500])
    assert many.high - many.low < few.high - few.low
