"""What the project wants of the model on the test split, and whether this model does it."""

from __future__ import annotations

from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict
from synapse_common.decision import Floats
from synapse_common.taxonomy import CATEGORIES

from synapse_pipelines.evaluation.bootstrap import (
    Counts,
    Estimate,
    auprc_replicates,
    ece_replicates,
    estimate,
    rate_replicates,
)
from synapse_pipelines.evaluation.identity import FalsePositiveGap
from synapse_pipelines.evaluation.label_noise import LabelNoise
from synapse_pipelines.evaluation.measured import Measured
from synapse_pipelines.evaluation.metrics import (
    CategoryFigures,
    calibration_error_by_chance,
    counted_categories,
    macro_auprc,
)

MIN_ERROR_REDUCTION: Final = 0.30
MAX_CALIBRATION_ERROR: Final = 0.03
MAX_FALSE_POSITIVE_GAP: Final = 0.05
TOXICITY_ACCURACY: Final = 0.95


class Goal(BaseModel):
    """One goal: `value` should be at least, or at most, `limit`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    value: Estimate
    limit: float
    at_least: bool
    note: str

    @property
    def met(self) -> bool:
        """Whether the value itself is on the right side of the limit."""
        return self.value.value >= self.limit if self.at_least else self.value.value <= self.limit

    @property
    def sure(self) -> bool:
        """Whether the whole interval is on the side that the value is on."""
        if self.value.interval is None:
            return False
        low, high = self.value.interval
        return (low >= self.limit) == (high >= self.limit)

    @property
    def verdict(self) -> str:
        """The outcome in words."""
        return ("met" if self.met else "not met") + ("" if self.sure else ", within the noise of this test set")


def goals(
    measured: Measured,
    baseline: Floats,
    figures: dict[str, CategoryFigures],
    gap: FalsePositiveGap,
    noise: LabelNoise | None,
    counts: Counts,
) -> list[Goal]:
    """Return the goals that this test split can speak of.

    Args:
        measured: the model on the test split.
        baseline: scores [n, 8] of TF-IDF with logistic regression.
        figures: the model's figures by category.
        gap: the false-positive gap between identity groups.
        noise: of the labels of toxicity.
        counts: resamples [b, n].
    """
    found = []
    columns = counted_categories(measured.labels)
    if columns:
        own, theirs = macro_auprc(measured.scores, measured.labels), macro_auprc(baseline, measured.labels)
        replicates = 1 - (1 - auprc_replicates(counts, measured.scores, measured.labels)) / np.maximum(
            1 - auprc_replicates(counts, baseline, measured.labels), 1e-9
        )
        reduction = estimate(1 - (1 - own) / max(1 - theirs, 1e-9), replicates)
        note = f"1 - macro AUPRC: {1 - own:.3f} against {1 - theirs:.3f} of TF-IDF with logistic regression"
        found.append(_at_least("error below the baseline's by", reduction, MIN_ERROR_REDUCTION, note))
        found.append(_calibration(measured, figures, columns, counts))
    if gap.gap is not None:
        note = f"largest less smallest of {len(gap.groups)} groups; chance alone would show {gap.by_chance:.3f}"
        found.append(_at_most("false-positive gap between identity groups", gap.gap, MAX_FALSE_POSITIVE_GAP, note))
    if noise is not None:
        toxic = ~np.isnan(measured.labels[:, 0])
        right = (measured.scores[toxic, 0] >= 0.5) == (measured.labels[toxic, 0] == 1)
        accuracy = estimate(float(right.mean()), rate_replicates(counts[:, toxic], right))
        reachable = min(TOXICITY_ACCURACY, noise.ceiling.value)
        note = (
            f"at score 0.5; {TOXICITY_ACCURACY:.0%} is wanted, the labels' own noise allows about "
            f"{noise.ceiling.value:.1%}"
        )
        found.append(_at_least("accuracy of toxicity", accuracy, reachable, note))
    return found


def _calibration(measured: Measured, figures: dict[str, CategoryFigures], columns: list[int], counts: Counts) -> Goal:
    """The mean over every label of the categories in `columns`: rare ones have errors that are mostly noise."""
    errors, labels, by_chance = {}, [], []
    for column in columns:
        name, known = CATEGORIES[column], ~np.isnan(measured.labels[:, column])
        errors[name] = figures[name].ece or 0.0
        labels.append(int(known.sum()))
        by_chance.append(calibration_error_by_chance(measured.scores[known, column], seed=column))
    worst = max(errors, key=errors.__getitem__)
    values = list(errors.values())
    error, chance = float(np.average(values, weights=labels)), float(np.average(by_chance, weights=labels))
    note = (
        f"over the labels of {len(errors)} categories, where chance alone would show {chance:.3f}; plain mean over "
        f"categories {np.mean(values):.3f}, worst is {worst} with {errors[worst]:.3f}"
    )
    replicates = ece_replicates(counts, measured.scores, measured.labels)
    return _at_most("expected calibration error", estimate(error, replicates), MAX_CALIBRATION_ERROR, note)


def _at_least(name: str, value: Estimate, limit: float, note: str) -> Goal:
    return Goal(name=name, value=value, limit=limit, at_least=True, note=note)


def _at_most(name: str, value: Estimate, limit: float, note: str) -> Goal:
    return Goal(name=name, value=value, limit=limit, at_least=False, note=note)
