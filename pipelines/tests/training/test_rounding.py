import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from synapse_pipelines.training.rounding import round_weights


def _inputs(rows: int, channels: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    return (
        rng.normal(size=(rows, 4)) @ rng.normal(size=(4, channels)) + 0.1 * rng.normal(size=(rows, channels))
    ).astype(np.float32)


def test_what_the_weights_compute_changes_less_than_by_rounding_each_alone() -> None:
    inputs = _inputs(400, 32)
    weights = np.random.default_rng(4).normal(size=(32, 8)).astype(np.float32)
    scale = np.abs(weights).max(axis=0) / 7
    seen = inputs.T.astype(np.float64) @ inputs
    found = round_weights(weights, seen, scale, 7)
    assert found.dtype == np.int8
    exact = inputs @ weights
    errors = [np.square(inputs @ (whole * scale) - exact).mean() for whole in (found, np.rint(weights / scale))]
    assert errors[0] < errors[1] / 3


def test_inputs_that_have_nothing_to_do_with_each_other_leave_plain_rounding() -> None:
    weights = np.random.default_rng(5).normal(size=(6, 3)).astype(np.float32)
    scale = np.abs(weights).max(axis=0) / 15
    np.testing.assert_array_equal(round_weights(weights, np.eye(6), scale, 15), np.rint(weights / scale))


@pytest.mark.parametrize("seen", [np.zeros((5, 5)), np.ones((5, 5))])
def test_inputs_that_were_never_seen_or_never_vary_are_no_error(seen: np.ndarray) -> None:
    weights = np.random.default_rng(6).normal(size=(5, 2)).astype(np.float32)
    found = round_weights(weights, seen, np.abs(weights).max(axis=0) / 15, 15)
    assert np.abs(found).max() <= 15


@given(
    weights=arrays(np.float32, (4, 3), elements=st.floats(-10, 10, width=32)),
    levels=st.integers(2, 127),
    factor=st.floats(0.25, 4, width=32),
)
def test_no_weight_leaves_the_levels(weights: np.ndarray, levels: int, factor: float) -> None:
    inputs = _inputs(50, 4)
    scale = np.full(3, factor * 10 / levels, dtype=np.float32)
    found = round_weights(weights, inputs.T.astype(np.float64) @ inputs, scale, levels)
    assert np.abs(found.astype(int)).max() <= levels
