"""Calibration and thresholds of every category, chosen on validation for a stated false-positive rate.

A false-positive rate is a share of negatives, so a threshold chosen for one holds at any share of positives; labelled
data has far more positives than live traffic, and a threshold chosen for precision or F1 alone would not carry over.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from scipy.stats import beta
from sklearn.metrics import precision_recall_curve
from synapse_common.decision import DecisionRule, Flags, Floats
from synapse_common.taxonomy import CATEGORIES, COLUMNS

from synapse_pipelines.augmentation.templates import SOURCE_PREFIX
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.training.calibration import MIN_EXAMPLES, CalibrationChoice, choose_calibration

DECISIONS_FILE: Final = "decisions.json"
THRESHOLDS_FILE: Final = "thresholds.json"
EVERYDAY_SOURCE: Final = "chat_logs"
"""Source of validation rows that are ordinary chat which nobody labelled or reported."""

DEFAULT_THRESHOLD: Final = 0.7
"""Lowest threshold of a category that validation says too little about."""

_LOWEST_THRESHOLD: Final = 0.05
_CONFIDENCE: Final = 0.95

Scores = NDArray[np.float32]


class Rate(BaseModel):
    """A share of texts flagged, with its one-sided 95 % upper bound (Clopper and Pearson, 1934)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int
    value: float
    upper: float


class CategoryDecision(BaseModel):
    """How one category's score and threshold came about; all figures are on validation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    calibration: CalibrationChoice
    threshold: float
    limit: float
    """The false-positive rate asked for."""
    positives: int
    recall: float | None
    labelled: Rate | None
    """False-positive rate on labelled negatives; null without any."""
    everyday: Rate | None
    """Share of everyday messages flagged; an upper bound of the false-positive rate there. Null without any."""


class Decisions(BaseModel):
    """The decision rule with its reasons: content of ``decisions.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: DecisionRule
    categories: dict[str, CategoryDecision]


def decide(logits: Floats, rows: pd.DataFrame, recipe: Recipe, *, generated: bool) -> Decisions:
    """Choose calibration and thresholds from a model's logits [n, 8] on the validation rows [n].

    Args:
        logits: of the model whose scores they will be.
        rows: validation rows, with the columns source and the labels.
        recipe: says which false-positive rates are allowed.
        generated: all data are generated. A model of these has seen few plain sentences and is often half sure that
            one is abusive, so no threshold is below the recipe's ``generated_lowest_threshold``.
    """
    labels = rows[list(COLUMNS)].astype("Float32").to_numpy(dtype="float32", na_value=float("nan"))
    everyday = (rows["source"] == EVERYDAY_SOURCE).to_numpy()
    made_up = rows["source"].str.startswith(SOURCE_PREFIX).to_numpy()
    lowest = recipe.generated_lowest_threshold if generated else _LOWEST_THRESHOLD
    found = {
        name: _decide(
            logits[:, column], labels[:, column], everyday, made_up, recipe.false_positive_limit(name), lowest, recipe
        )
        for column, name in enumerate(CATEGORIES)
    }
    rule = DecisionRule(
        thresholds={name: one.threshold for name, one in found.items()},
        calibration={name: one.calibration.calibration for name, one in found.items()},
    )
    return Decisions(rule=rule, categories=found)


def write_decisions(decisions: Decisions, out: Path) -> None:
    """Write ``thresholds.json``, which a bundle needs, and ``decisions.json``, which tells how it came about."""
    (out / THRESHOLDS_FILE).write_text(decisions.rule.model_dump_json(indent=2), encoding="utf-8")
    (out / DECISIONS_FILE).write_text(decisions.model_dump_json(indent=2), encoding="utf-8")


def load_decisions(folder: Path) -> Decisions:
    """Return what `write_decisions` wrote into `folder`."""
    return Decisions.model_validate_json((folder / DECISIONS_FILE).read_bytes())


def _decide(
    logits: Floats, labels: Floats, everyday: Flags, made_up: Flags, limit: float, lowest: float, recipe: Recipe
) -> CategoryDecision:
    known, labelled = ~np.isnan(labels), ~np.isnan(labels) & ~everyday
    # A score should be the frequency among real messages; made-up ones stand in where there are too few of these.
    real = labelled & ~made_up
    judged = real if min((labels[real] == 1).sum(), (labels[real] == 0).sum()) >= MIN_EXAMPLES else labelled
    choice = choose_calibration(logits[judged], labels[judged] == 1, recipe.seed)
    own = choice.calibration
    scores = np.asarray(0.5 * (1 + np.tanh(0.5 * (own.scale * logits + own.bias))), dtype=np.float32)
    positives, negatives = scores[labels == 1], scores[labelled & (labels == 0)]
    threshold = max(lowest, *(lowest_threshold(group, limit) for group in (negatives, scores[everyday])))
    if min(len(positives), int((labels == 0).sum())) >= MIN_EXAMPLES:
        threshold = max(threshold, best_f1_threshold(scores[known], labels[known] == 1))
    else:
        threshold = max(threshold, DEFAULT_THRESHOLD)
    threshold = min(threshold, 1.0)
    return CategoryDecision(
        calibration=choice,
        threshold=threshold,
        limit=limit,
        positives=len(positives),
        recall=float((positives >= np.float32(threshold)).mean()) if len(positives) else None,
        labelled=_rate(negatives, threshold),
        everyday=_rate(scores[everyday], threshold),
    )


def lowest_threshold(negatives: Scores, limit: float) -> float:
    """Return the lowest threshold at which at most `limit` of `negatives` are flagged, with 95 % confidence.

    The confidence counts: of 60 negatives none may be flagged at a limit of 5 %, of 1,000 it is 38. Fewer than it
    takes to show the limit at all give a threshold above all of them, and no lower than `DEFAULT_THRESHOLD`; none at
    all say nothing, which is 0.
    """
    n = len(negatives)
    if not n:
        return 0.0
    allowed = int((upper_bound(np.arange(n + 1), n) <= limit).sum()) - 1
    highest_first = np.sort(negatives)[::-1]
    threshold = float(np.nextafter(highest_first[max(allowed, 0)], np.float32(2)))
    return threshold if allowed >= 0 else max(threshold, DEFAULT_THRESHOLD)


def upper_bound(flagged: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """Return the one-sided 95 % upper bound of a rate for each count of `flagged` out of n."""
    return np.asarray(np.where(flagged < n, beta.ppf(_CONFIDENCE, flagged + 1, np.maximum(n - flagged, 1)), 1.0))


def best_f1_threshold(scores: Scores, truth: NDArray[np.bool_]) -> float:
    """Return the threshold of the best F1: where positives stand apart, allowed false positives would buy nothing."""
    precision, recall, candidates = precision_recall_curve(truth, scores)
    f1 = 2 * precision[:-1] * recall[:-1] / np.maximum(precision[:-1] + recall[:-1], 1e-9)
    return float(candidates[int(np.argmax(f1))])


def _rate(scores: Scores, threshold: float) -> Rate | None:
    if not len(scores):
        return None
    flagged = int((scores >= np.float32(threshold)).sum())
    upper = float(upper_bound(np.array([flagged]), len(scores))[0])
    return Rate(n=len(scores), value=flagged / len(scores), upper=upper)
