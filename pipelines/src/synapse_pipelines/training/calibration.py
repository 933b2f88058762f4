"""Calibration and thresholds, both from the validation split."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve, roc_curve
from synapse_common.decision import Calibration, DecisionRule, Floats
from synapse_common.taxonomy import CATEGORIES

MIN_EXAMPLES = 10
"""Positives, and negatives, that a category needs in validation; with fewer, scores stay as they are."""

_NEUTRAL = Calibration()
DEFAULT_THRESHOLD = 0.7
"""Of a category without calibration: training weighs rare positives up, so that 0.5 would flag too eagerly."""

_LOWEST_THRESHOLD = 0.05


def fit_decision_rule(logits: Floats, labels: Floats, max_false_positive_rate: float) -> DecisionRule:
    """Fit calibration and thresholds to logits [n, 8] and labels [n, 8] (1, 0 or NaN for unknown)."""
    calibration: dict[str, Calibration] = {}
    thresholds: dict[str, float] = {}
    for column, name in enumerate(CATEGORIES):
        known = ~np.isnan(labels[:, column])
        truth = labels[known, column].astype(np.int64)
        own = logits[known, column]
        if min(int(truth.sum()), int((1 - truth).sum())) < MIN_EXAMPLES:
            calibration[name], thresholds[name] = _NEUTRAL, DEFAULT_THRESHOLD
            continue
        calibration[name] = platt(own, truth)
        scores = 1 / (1 + np.exp(-(own * calibration[name].scale + calibration[name].bias)))
        thresholds[name] = best_threshold(scores, truth, max_false_positive_rate)
    return DecisionRule(thresholds=thresholds, calibration=calibration)


def platt(logits: Floats, truth: NDArray[np.int64]) -> Calibration:
    """Fit score = sigmoid(scale * logit + bias) by logistic regression (Platt, 1999).

    A scale that is not positive would turn the model's order round: then the logits are left as they are.
    """
    fitted = LogisticRegression().fit(logits.reshape(-1, 1), truth)
    scale = float(fitted.coef_[0, 0])
    return Calibration(scale=scale, bias=float(fitted.intercept_[0])) if scale > 0 else _NEUTRAL


def best_threshold(scores: Floats, truth: NDArray[np.int64], max_false_positive_rate: float) -> float:
    """Return the threshold of the best F1 among those whose false positive rate is within the limit."""
    precision, recall, candidates = precision_recall_curve(truth, scores)
    f1 = 2 * precision[:-1] * recall[:-1] / np.maximum(precision[:-1] + recall[:-1], 1e-9)
    best = float(candidates[int(np.argmax(f1))])
    false_positive_rate, _, limits = roc_curve(truth, scores, drop_intermediate=False)
    within = limits[(false_positive_rate <= max_false_positive_rate) & np.isfinite(limits)]
    lowest_allowed = float(within.min()) if len(within) else float(np.nextafter(scores.max(), 1.0))
    return float(np.clip(max(best, lowest_allowed), _LOWEST_THRESHOLD, 1.0))


def only_sure_verdicts(rule: DecisionRule, lowest: float) -> DecisionRule:
    """Return `rule` with no threshold below `lowest`.

    For models of generated text: they have seen few plain sentences, and are often half sure that one is abusive.
    """
    return rule.model_copy(update={"thresholds": {name: max(own, lowest) for name, own in rule.thresholds.items()}})
