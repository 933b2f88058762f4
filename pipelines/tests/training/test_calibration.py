import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synapse_common.decision import Calibration
from synapse_pipelines.training.calibration import Method, choose_calibration, fit


def sample(scale: float, bias: float, n: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are off by `scale` and `bias`, and what is true at the frequencies that the right ones say."""
    rng = np.random.default_rng(0)
    right = rng.normal(size=n)
    truth = rng.random(n) < 1 / (1 + np.exp(-right))
    return ((right - bias) / scale).astype(np.float32), truth


@pytest.mark.parametrize(
    ("scale", "bias", "method"), [(1.0, 0.0, "none"), (0.4, 0.0, "temperature"), (0.4, -0.7, "platt")]
)
def test_what_is_off_is_found_and_undone(scale: float, bias: float, method: str) -> None:
    choice = choose_calibration(*sample(scale, bias), seed=0)
    assert choice.calibration.scale == pytest.approx(scale, abs=0.03)
    assert choice.calibration.bias == pytest.approx(bias, abs=0.05)
    if method != "none":  # where nothing is off, any of the three may win by chance
        assert choice.log_loss["none"] > choice.log_loss[choice.method]
    if method == "platt":
        assert choice.method == "platt"
        assert choice.log_loss["temperature"] > choice.log_loss["platt"]


@pytest.mark.parametrize("positives", [0, 9, 191, 200])
def test_too_few_of_either_kind_change_nothing(positives: int) -> None:
    truth = np.arange(200) < positives
    choice = choose_calibration(np.linspace(-3, 3, 200, dtype=np.float32), truth, seed=0)
    assert choice.calibration == Calibration()
    assert choice.log_loss == {}


@pytest.mark.parametrize("method", ["temperature", "platt"])
def test_separable_texts_do_not_run_away(method: Method) -> None:
    logits = np.concatenate([np.full(10, -2.0), np.full(10, 2.0)])
    found = fit(logits, logits > 0, method)
    assert 1 < found.scale < 4
    assert abs(found.bias) < 1


@pytest.mark.parametrize("method", ["temperature", "platt"])
def test_an_inverted_order_is_not_turned_round(method: Method) -> None:
    logits = np.linspace(-1, 1, 40)
    assert 0 < fit(logits, logits < 0, method).scale < 0.7


@settings(deadline=None, max_examples=25)  # of a loaded machine the time says nothing
@given(st.permutations(range(60)))
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(size=60).astype(np.float32)
    truth = rng.random(60) < 0.4
    assert choose_calibration(logits[order], truth[order], seed=3) == choose_calibration(logits, truth, seed=3)
