import numpy as np
import pytest
from synapse_common.decision import Calibration, DecisionRule
from synapse_common.taxonomy import CATEGORIES
from synapse_pipelines.training.calibration import (
    DEFAULT_THRESHOLD,
    best_threshold,
    fit_decision_rule,
    only_sure_verdicts,
    platt,
)


def test_platt_turns_overconfident_logits_into_frequencies() -> None:
    rng = np.random.default_rng(0)
    true_logit = rng.normal(size=20_000)
    truth = (rng.random(20_000) < 1 / (1 + np.exp(-true_logit))).astype(np.int64)
    fitted = platt((3 * true_logit + 1).astype(np.float32), truth)
    assert fitted.scale == pytest.approx(1 / 3, abs=0.03)
    assert fitted.bias == pytest.approx(-1 / 3, abs=0.06)


def test_an_inverted_order_is_not_turned_round() -> None:
    logits = np.linspace(-1, 1, 40, dtype=np.float32)
    assert platt(logits, (logits < 0).astype(np.int64)) == Calibration()


def test_the_threshold_has_the_best_f1_when_the_limit_allows_it() -> None:
    scores = np.array([0.1, 0.2, 0.6, 0.7, 0.8], dtype=np.float32)
    assert best_threshold(scores, np.array([0, 0, 1, 1, 1]), 0.05) == pytest.approx(0.6)


def test_the_false_positive_limit_wins_over_f1() -> None:
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], 500)
    scores = (rng.normal(size=1000) + truth).astype(np.float32)
    scores = (1 / (1 + np.exp(-scores))).astype(np.float32)
    for limit in (0.01, 0.05, 0.2):
        threshold = best_threshold(scores, truth, limit)
        assert (scores[truth == 0] >= threshold).mean() <= limit


def test_a_category_without_positives_keeps_the_neutral_rule() -> None:
    logits = np.zeros((50, 8), dtype=np.float32)
    labels = np.zeros((50, 8), dtype=np.float32)
    labels[:, 1] = np.nan
    rule = fit_decision_rule(logits, labels, 0.05)
    assert rule.thresholds == dict.fromkeys(CATEGORIES, DEFAULT_THRESHOLD)
    assert set(rule.calibration.values()) == {Calibration()}


def test_only_sure_verdicts_lifts_low_thresholds_and_no_others() -> None:
    thresholds = dict.fromkeys(CATEGORIES, 0.5) | {"hate": 0.95}
    rule = DecisionRule(thresholds=thresholds, calibration={name: Calibration() for name in CATEGORIES})
    lifted = only_sure_verdicts(rule, 0.9).thresholds
    assert lifted == dict.fromkeys(CATEGORIES, 0.9) | {"hate": 0.95}
