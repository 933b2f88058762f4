"""Which groups of people a text mentions, and how far false-positive rates differ between them.

The gap is the largest minus the smallest false-positive rate over groups (equality of opportunity for harmless texts;
Hardt et al., 2016; for this task Dixon et al., 2018). The largest of several noisy rates lies above the smallest even
where the model treats all groups alike, so the gap that chance alone would show stands beside it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from synapse_pipelines.evaluation.bootstrap import Counts, Estimate, estimate, rate_replicates

MIN_NEGATIVES: Final = 50
"""Harmless texts that mention a group, for it to count in the gap: below, one text moves the rate by over 2 points."""

_SIMULATIONS: Final = 2000


class FalsePositiveGap(BaseModel):
    """False-positive rates by group mentioned, and their largest difference."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    groups: dict[str, Estimate]
    """False-positive rate of each group that has enough harmless texts."""
    negatives: dict[str, int]
    """Harmless texts that mention the group; all groups."""
    gap: Estimate | None
    """Null with fewer than two groups."""
    by_chance: float | None
    """Mean gap of as many groups of these sizes, were all of them flagged at the same rate."""


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    raw: dict[str, dict[str, list[str]]] = yaml.safe_load(
        files(__package__).joinpath("identity_terms.yaml").read_text("utf-8")
    )
    return {name: _pattern([*terms["en"], *terms["pt"]]) for name, terms in raw.items()}


def _pattern(terms: list[str]) -> re.Pattern[str]:
    words = sorted({re.escape(term).replace(r"\*", r"\w*") for term in terms}, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)


def names_a_group(text: str) -> bool:
    """Return whether `text` mentions any group of people."""
    return any(pattern.search(text) for pattern in _patterns().values())


def mentions(texts: Sequence[str]) -> dict[str, NDArray[np.bool_]]:
    """Return for each group which of `texts` [n] mention it; a text may mention several."""
    return {
        name: np.fromiter((pattern.search(text) is not None for text in texts), dtype=np.bool_, count=len(texts))
        for name, pattern in _patterns().items()
    }


def false_positive_gap(
    mentioned: dict[str, NDArray[np.bool_]], flagged: NDArray[np.bool_], truth: NDArray[np.float32], counts: Counts
) -> FalsePositiveGap:
    """Compare the groups' false-positive rates.

    Args:
        mentioned: by group, which texts mention it [n].
        flagged: the model's verdict [n].
        truth: 1, 0 or NaN for unknown [n].
        counts: resamples of the texts [b, n].
    """
    harmless = {name: np.flatnonzero(rows & (truth == 0)) for name, rows in mentioned.items()}
    counted = {name: rows for name, rows in harmless.items() if len(rows) >= MIN_NEGATIVES}
    replicates = {name: rate_replicates(counts[:, rows], flagged[rows]) for name, rows in counted.items()}
    rates = {name: estimate(float(flagged[rows].mean()), replicates[name]) for name, rows in counted.items()}
    gap = by_chance = None
    if len(rates) > 1:
        points = [rate.value for rate in rates.values()]
        gap = estimate(max(points) - min(points), np.ptp(list(replicates.values()), axis=0))
        by_chance = _gap_by_chance([len(rows) for rows in counted.values()], points)
    return FalsePositiveGap(
        groups=rates, negatives={name: len(rows) for name, rows in harmless.items()}, gap=gap, by_chance=by_chance
    )


def _gap_by_chance(sizes: list[int], rates: list[float]) -> float:
    rng = np.random.default_rng(0)
    n: Any = np.asarray(sizes)
    common = float(np.average(rates, weights=n))
    return float(np.ptp(rng.binomial(n, common, size=(_SIMULATIONS, len(sizes))) / n, axis=1).mean())
