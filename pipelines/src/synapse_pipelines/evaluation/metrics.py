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

_CURVE_POINTS = 100


class CategoryFigures(BaseModel):
    """Figures of one category on one group of texts; a figure that has no meaning there (no positives, say) is null."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int
    positives: int
    accuracy: float | None
    precision: float | None
    recall: float | None
    f1: float | None
    false_positive_rate: float | None
    auprc: float | None
    auroc: float | None


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
        accuracy=_share(int((hit == truth).sum()), len(truth)),
        precision=_share(tp, tp + fp),
        recall=_share(tp, positives),
        f1=_share(2 * tp, tp + fp + positives),
        false_positive_rate=_share(fp, negatives),
        auprc=float(average_precision_score(truth, score)) if both else None,
        auroc=float(roc_auc_score(truth, score)) if both else None,
    )


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
    for column in range(len(CATEGORIES)):
        known = ~np.isnan(labels[:, column])
        truth = labels[known, column] == 1
        if min(truth.sum(), (~truth).sum()) >= MIN_FOR_MACRO:
            values.append(average_precision_score(truth, scores[known, column]))
    return float(np.mean(values)) if values else 0.0


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
