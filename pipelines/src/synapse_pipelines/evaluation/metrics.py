"""Figures of a multi-label classifier over the known labels, by category and by language."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve
from synapse_common.decision import Flags, Floats
from synapse_common.taxonomy import CATEGORIES

MIN_FOR_MACRO = 10
"""Positives, and negatives, that a category needs to count in a macro average: below, its figure is noise."""

BINS = 15
"""Bins of equal width of the expected calibration error, as in Guo et al. (2017)."""

_CURVE_POINTS = 100
_SIMULATIONS = 50


class CategoryFigures(BaseModel):
    """Figures of one category on one group of texts; a figure that has no meaning there (no positives, say) is null."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int
    positives: int
    prevalence: float | None
    accuracy: float | None
    precision: float | None
    recall: float | None
    f1: float | None
    false_positive_rate: float | None
    auprc: float | None
    auroc: float | None
    ece: float | None
    """Expected calibration error (Naeini et al., 2015) of the score."""
    intervals: dict[str, tuple[float, float]] = {}
    """By figure: the 95 % bootstrap interval; a figure without one was not resampled, or has too few examples."""


class CalibrationBin(BaseModel):
    """Texts whose scores fall into one bin."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int
    mean_score: float
    share_positive: float


def category_figures(scores: NDArray[np.float32], hits: NDArray[np.bool_], labels: Floats) -> CategoryFigures:
    """Return the figures of one category from scores [n], hits [n] and labels [n] (1, 0 or NaN for unknown)."""
    known = ~np.isnan(labels)
    truth, hit, score = labels[known] == 1, hits[known], scores[known]
    tp, fp = int((hit & truth).sum()), int((hit & ~truth).sum())
    positives, negatives = int(truth.sum()), int((~truth).sum())
    both = positives > 0 and negatives > 0
    return CategoryFigures(
        n=len(truth),
        positives=positives,
        prevalence=_share(positives, len(truth)),
        accuracy=_share(int((hit == truth).sum()), len(truth)),
        precision=_share(tp, tp + fp),
        recall=_share(tp, positives),
        f1=_share(2 * tp, tp + fp + positives),
        false_positive_rate=_share(fp, negatives),
        auprc=float(average_precision_score(truth, score)) if both else None,
        auroc=float(roc_auc_score(truth, score)) if both else None,
        ece=expected_calibration_error(calibration_bins(score, truth)),
    )


def bin_numbers(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the number of each score's bin, 0 to BINS - 1."""
    return np.clip((scores * BINS).astype(np.int64), 0, BINS - 1)


def calibration_bins(scores: NDArray[np.float32], truth: NDArray[np.bool_]) -> list[CalibrationBin]:
    """Return the bins that hold any of the scores [n], in ascending order: the points of a reliability diagram."""
    numbers = bin_numbers(scores)
    return [
        CalibrationBin(
            n=int(inside.sum()),
            mean_score=float(scores[inside].mean(dtype=np.float64)),
            share_positive=float(truth[inside].mean()),
        )
        for number in range(BINS)
        if (inside := numbers == number).any()
    ]


def expected_calibration_error(bins: list[CalibrationBin]) -> float | None:
    """Return the mean distance of score and frequency over the bins, weighted by their texts; None without any."""
    n = sum(one.n for one in bins)
    return sum(one.n * abs(one.mean_score - one.share_positive) for one in bins) / n if n else None


def calibration_error_by_chance(scores: NDArray[np.float32], seed: int) -> float:
    """Return the mean calibration error that scores [n] would show if each were exactly the frequency of its label.

    It is not zero: in every bin the share of positives scatters around the mean score, the more the fewer texts it has.
    """
    rng = np.random.default_rng(seed)
    errors = [
        expected_calibration_error(calibration_bins(scores, rng.random(len(scores)) < scores))
        for _ in range(_SIMULATIONS)
    ]
    return float(np.mean([error for error in errors if error is not None])) if len(scores) else 0.0


def all_figures(scores: Floats, hits: Flags, labels: Floats) -> dict[str, CategoryFigures]:
    """Return the figures of every category from scores, hits and labels, each [n, 8]."""
    return {
        name: category_figures(scores[:, column], hits[:, column], labels[:, column])
        for column, name in enumerate(CATEGORIES)
    }


def macro_auprc(scores: Floats, labels: Floats) -> float:
    """Return the mean area under the precision-recall curve over the categories with enough labels; 0 without any.

    Works on logits as well as on scores, since only the order counts.
    """
    values = []
    for column in counted_categories(labels):
        known = ~np.isnan(labels[:, column])
        values.append(average_precision_score(labels[known, column] == 1, scores[known, column]))
    return float(np.mean(values)) if values else 0.0


def counted_categories(labels: Floats) -> list[int]:
    """Return the columns of labels [n, 8] that have enough positives and negatives for a macro average."""
    return [
        column
        for column in range(len(CATEGORIES))
        if min((labels[:, column] == 1).sum(), (labels[:, column] == 0).sum()) >= MIN_FOR_MACRO
    ]


def curves(scores: Floats, labels: Floats) -> dict[str, dict[str, list[float]]]:
    """Return points of the precision-recall and ROC curves of every category that has positives and negatives."""
    found: dict[str, dict[str, list[float]]] = {}
    for column, name in enumerate(CATEGORIES):
        known = ~np.isnan(labels[:, column])
        truth, score = labels[known, column] == 1, scores[known, column]
        if truth.all() or not truth.any():
            continue
        precision, recall, _ = precision_recall_curve(truth, score)
        fpr, tpr, limits = roc_curve(truth, score)
        points = {"precision": precision, "recall": recall}
        roc = {"fpr": fpr, "tpr": tpr, "threshold": np.clip(limits, 0.0, 1.0)}
        found[name] = _thinned(points) | _thinned(roc)
    return found


def _thinned(points: Mapping[str, NDArray[np.float64]]) -> dict[str, list[float]]:
    count = len(next(iter(points.values())))
    keep = np.unique(np.linspace(0, count - 1, min(count, _CURVE_POINTS)).astype(int))
    return {name: [round(float(v), 5) for v in values[keep]] for name, values in points.items()}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
