import numpy as np
import pytest
from pydantic import ValidationError
from synapse_common.decision import Calibration, DecisionRule
from synapse_common.taxonomy import CATEGORIES


def rule(**thresholds: float) -> DecisionRule:
    return DecisionRule(
        thresholds={name: thresholds.get(name, 0.5) for name in CATEGORIES},
        calibration={name: Calibration() for name in CATEGORIES},
    )


def test_scores_are_the_calibrated_sigmoid() -> None:
    calibration = {name: Calibration(scale=2.0, bias=-1.0) for name in CATEGORIES}
    logits = np.array([[0.0, 0.5, 1.0, -1.0, 3.0, 1e4, -1e4, 0.25]], dtype=np.float32)
    scores = DecisionRule(thresholds=dict.fromkeys(CATEGORIES, 0.5), calibration=calibration).scores(logits)
    expected = 1 / (1 + np.exp(-np.clip(2.0 * logits - 1.0, -80, 80)))
    np.testing.assert_allclose(scores, expected, atol=1e-6)
    assert scores.dtype == np.float32


def test_a_row_is_flagged_when_any_category_reaches_its_threshold() -> None:
    scores = np.full((2, len(CATEGORIES)), 0.1, dtype=np.float32)
    scores[1, CATEGORIES.index("hate")] = 0.25
    assert rule(hate=0.25).flagged(scores).tolist() == [False, True]
    assert rule(hate=0.3).flagged(scores).tolist() == [False, False]


@pytest.mark.parametrize("threshold", [0.0, 1.5, float("nan")])
def test_a_threshold_outside_its_range_is_refused(threshold: float) -> None:
    with pytest.raises(ValidationError, match="threshold"):
        rule(hate=threshold)


def test_a_missing_category_is_refused() -> None:
    with pytest.raises(ValidationError, match="exactly these categories"):
        DecisionRule(thresholds={"hate": 0.5}, calibration={name: Calibration() for name in CATEGORIES})
