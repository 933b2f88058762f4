import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synapse_drift_monitor.drift.bins import CategoryBins, NumericBins

floats = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=200)


def test_distinct_values_fall_into_ten_even_bins() -> None:
    values = np.linspace(0, 1, 1000, dtype=np.float32)
    counts = NumericBins(values).count(pd.Series(values))
    assert len(counts) == 10
    assert counts == pytest.approx(np.full(10, 100), abs=1)


@given(reference=floats, window=floats)
def test_every_event_is_counted_once(reference: list[float], window: list[float]) -> None:
    bins = NumericBins(np.array(reference, dtype=np.float32))
    assert bins.count(pd.Series(window, dtype=np.float32)).sum() == len(window)


def test_a_constant_reference_still_tells_lower_from_higher() -> None:
    bins = NumericBins(np.full(100, 0.25, dtype=np.float32))
    assert bins.count(pd.Series([0.1, 0.25, 0.25, 0.9])).tolist() == [1, 2, 1]


def test_a_value_that_is_half_of_the_reference_has_its_own_bin() -> None:
    reference = np.concatenate([np.zeros(50), np.linspace(0.01, 1, 50)])
    bins = NumericBins(reference)
    counts = bins.count(pd.Series(reference))
    assert 50 in counts.tolist()
    shifted = bins.count(pd.Series(np.full(100, 0.005)))
    assert not set(np.flatnonzero(shifted)) & set(np.flatnonzero(counts == 50))


def test_single_and_double_precision_fall_into_the_same_bins() -> None:
    reference = np.random.default_rng(0).random(500).astype(np.float32)
    bins = NumericBins(reference.astype(np.float64))
    assert bins.count(pd.Series(reference)).tolist() == bins.count(pd.Series(reference.astype(np.float64))).tolist()


def test_unknown_categories_share_a_bin() -> None:
    bins = CategoryBins(["en", "pt"])
    assert bins.count(pd.Series(["pt", "en", "fr", "pt", "de"])).tolist() == [1, 2, 2]


def test_booleans_are_categories() -> None:
    bins = CategoryBins([np.False_, np.True_])
    assert bins.count(pd.Series([True, False, True], dtype=np.bool_)).tolist() == [1, 2, 0]
    assert bins.count(pd.Series([True, True], dtype=np.bool_)).tolist() == [0, 2, 0]
