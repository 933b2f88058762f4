"""Percentile bootstrap (Efron and Tibshirani, 1993) of every figure at once, without a loop over resamples.

A resample is a row of counts: how often it drew each text. All figures are sums, or running sums in the order of the
scores, weighted by these counts, so one matrix product or cumulative sum serves hundreds of resamples. The same counts
for two models make a paired comparison: what is hard about a test set cancels out of the difference.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from synapse_common.decision import Floats

from synapse_pipelines.evaluation.metrics import (
    BINS,
    CategoryFigures,
    bin_numbers,
    category_figures,
    counted_categories,
)

RESAMPLES: Final = 1000
LEVEL: Final = 0.95
_CHUNK: Final = 100  # resamples worked on together, which keeps their running sums within the processor's cache
_LARGEST_UNDEFINED_SHARE: Final = 0.05

Counts = NDArray[np.uint8]
"""Resamples [b, n]: how often each of b resamples drew each of n texts."""
Values = NDArray[np.float64]
"""One figure in each resample [b]; NaN where it has no meaning there."""


class Estimate(BaseModel):
    """A figure with its interval; the interval is null where too few examples give one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float
    interval: tuple[float, float] | None = None

    def __str__(self) -> str:
        shown = "" if self.interval is None else f" ({self.interval[0]:.4f} to {self.interval[1]:.4f})"
        return f"{self.value:.4f}{shown}"


def draw(n: int, seed: int, *, resamples: int = RESAMPLES, clusters: NDArray[np.int64] | None = None) -> Counts:
    """Draw n texts with replacement for each resample; [resamples, n].

    Args:
        n: number of texts.
        seed: equal seeds draw equally.
        resamples: number of resamples.
        clusters: number of each text's cluster [n]. Then whole clusters are drawn: texts made from one template stand
            and fall together, and counting them one by one would make intervals too narrow.
    """
    rng = np.random.default_rng(seed)
    kinds = n if clusters is None else int(clusters.max(initial=-1)) + 1
    counts = np.empty((resamples, kinds), dtype=np.uint8)
    for row in counts:
        row[:] = np.bincount(rng.integers(0, kinds, kinds), minlength=kinds) if kinds else 0
    return counts if clusters is None else counts[:, clusters]


def interval(values: Values, point: float) -> tuple[float, float] | None:
    """Return the percentile interval of `values` [b]; None where the resamples do not give one.

    They do not where more than 5 % of them have no value, or where all have the same: a share of 6 out of 6 stays 1 in
    every resample, which does not make it sure. The interval is stretched to `point` where it would leave it out:
    resampling adds noise, which adds to a calibration error.
    """
    defined = values[~np.isnan(values)]
    if len(defined) < (1 - _LARGEST_UNDEFINED_SHARE) * len(values) or not len(defined):
        return None
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(defined, [tail, 100 - tail])
    if low == high:
        return None
    return min(float(low), point), max(float(high), point)


def estimate(point: float, values: Values) -> Estimate:
    """Return `point` with the interval of its replicates."""
    return Estimate(value=point, interval=interval(values, point))


def with_intervals(
    counts: Counts, scores: NDArray[np.float32], hits: NDArray[np.bool_], labels: Floats
) -> CategoryFigures:
    """Return the figures of one category with intervals, from scores, hits and labels [n] and resamples [b, n]."""
    figures = category_figures(scores, hits, labels)
    known = ~np.isnan(labels)
    if not known.any():
        return figures
    drawn, truth, hit, score = counts[:, known], labels[known] == 1, hits[known], scores[known]
    found: dict[str, tuple[float, float]] = {}
    replicates = _counting(drawn, score, hit, truth) | _ranking(drawn, score, truth)
    for name, values in replicates.items():
        point = getattr(figures, name)
        if point is not None and (bounds := interval(values, point)) is not None:
            found[name] = bounds
    return figures.model_copy(update={"intervals": found})


def auprc_replicates(counts: Counts, scores: Floats, labels: Floats) -> Values:
    """Return the macro AUPRC [b] of scores [n, 8] in each resample, over the categories that `macro_auprc` counts."""
    columns = counted_categories(labels)
    if not columns:
        return np.zeros(len(counts))
    found = []
    for column in columns:
        known = ~np.isnan(labels[:, column])
        found.append(_ranking(counts[:, known], scores[known, column], labels[known, column] == 1)["auprc"])
    return np.asarray(np.mean(found, axis=0), dtype=np.float64)


def ece_replicates(counts: Counts, scores: Floats, labels: Floats) -> Values:
    """Return the calibration error [b] over the categories that `macro_auprc` counts, weighted by their labels."""
    columns = counted_categories(labels)
    if not columns:
        return np.zeros(len(counts))
    found, weights = [], []
    for column in columns:
        known = ~np.isnan(labels[:, column])
        own, truth = scores[known, column], labels[known, column] == 1
        found.append(_counting(counts[:, known], own, truth, truth)["ece"])
        weights.append(int(known.sum()))
    return np.asarray(np.average(found, axis=0, weights=weights), dtype=np.float64)


def rate_replicates(counts: Counts, hits: NDArray[np.bool_]) -> Values:
    """Return the share [b] of `hits` [n] among the texts of each resample [b, n]."""
    return _ratio(_weighted(counts, hits[:, None])[:, 0], counts.sum(axis=1, dtype=np.float64))


def _counting(
    counts: Counts, scores: NDArray[np.float32], hits: NDArray[np.bool_], truth: NDArray[np.bool_]
) -> dict[str, Values]:
    gaps = np.zeros((len(scores), BINS), dtype=np.float32)
    gaps[np.arange(len(scores)), bin_numbers(scores)] = truth - scores
    sums = _weighted(counts, np.column_stack([np.ones(len(truth)), truth, hits, hits & truth, gaps]))
    n, positives, flagged, tp = sums[:, :4].T
    fp = flagged - tp
    return {
        "prevalence": _ratio(positives, n),
        "accuracy": _ratio(n - fp - (positives - tp), n),
        "precision": _ratio(tp, flagged),
        "recall": _ratio(tp, positives),
        "f1": _ratio(2 * tp, flagged + positives),
        "false_positive_rate": _ratio(fp, n - positives),
        "ece": _ratio(np.abs(sums[:, 4:]).sum(axis=1), n),
    }


def _ranking(counts: Counts, scores: NDArray[np.float32], truth: NDArray[np.bool_]) -> dict[str, Values]:
    order = np.argsort(-scores, kind="stable")
    last_of_ties = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    auprc, auroc = np.empty(len(counts)), np.empty(len(counts))
    right = truth[order].astype(np.float32)
    for start in range(0, len(counts), _CHUNK):
        part = slice(start, start + _CHUNK)
        drawn = counts[part][:, order].astype(np.float32)  # whole numbers up to n: exact in float32
        all_above = np.cumsum(drawn, axis=1)[:, last_of_ties]
        drawn *= right
        tp = np.cumsum(drawn, axis=1)[:, last_of_ties]
        fp = all_above - tp
        positives, negatives = tp[:, -1].astype(np.float64), fp[:, -1].astype(np.float64)
        tp_step, fp_step = np.diff(tp, axis=1, prepend=0), np.diff(fp, axis=1, prepend=0)
        # A resample may begin with texts that it did not draw: nothing is above them yet.
        area = (tp_step * (tp / np.maximum(all_above, 1))).sum(axis=1, dtype=np.float64)
        auprc[part] = _ratio(area, np.where(negatives > 0, positives, 0))
        area = (fp_step * (tp - tp_step / 2)).sum(axis=1, dtype=np.float64)
        auroc[part] = _ratio(area, positives * negatives)
    return {"auprc": auprc, "auroc": auroc}


def _weighted(counts: Counts, columns: NDArray[np.generic]) -> Values:
    """Return the sums [b, k] of columns [n, k] over each resample [b, n]."""
    values: Floats = columns.astype(np.float32)
    sums = np.empty((len(counts), values.shape[1]))
    for start in range(0, len(counts), _CHUNK):
        part = slice(start, start + _CHUNK)
        sums[part] = counts[part].astype(np.float32) @ values
    return sums


def _ratio(part: Values, whole: Values) -> Values:
    found: Values = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return found
