"""The drift of one signal: total variation distance, less what sampling alone adds to it.

The total variation distance between two distributions over the same bins, half the sum of |q_i - p_i|, is the share of
probability that would have to move to turn one into the other: 0 is none, 100 % is no overlap. Computed from samples it
is never 0, because sampling noise adds to every |q_i - p_i|; ten bins and 200 events show about 9 % where there is
no drift at all. So the noise is taken off:

1. Noise: `draws` pairs of samples of the two sizes from the pooled distribution, as a permutation test would draw them;
   each gives a vector of differences that noise alone makes.
2. Model: a drift of size t moves the probabilities by t * u, u being the observed differences scaled to distance 1, and
   the noise comes on top. The distance that would then be seen has a distribution for every t.
3. Estimate: the t whose mean seen distance is the one observed (0 when noise alone has a larger mean).
4. Interval: the t for which the observed distance is still within the central `confidence` share (test inversion).
5. A drift whose interval begins at 0 cannot be told from none, and counts as 0.

Sources: Levin, Peres, "Markov Chains and Mixing Times", ch. 4 (the distance); Efron, Tibshirani, "An Introduction to
the Bootstrap", ch. 10 (bias), 12 and 16 (intervals by inverting tests, null distributions by resampling); Gretton et
al., "A Kernel Two-Sample Test", JMLR 13 (2012), sec. 5 (resampling the pooled sample for the null distribution).
The simulations that check it are in tests/drift/test_distance.py and docs/decisions/0032-drift-measure.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

# Sizes of drift at which the model is evaluated, denser near 0; between them it is interpolated.
_GRID: Final[Floats] = np.linspace(0.0, 1.0, 41) ** 2


@dataclass(frozen=True)
class Distance:
    """A drift and its interval, in percent (0 to 100). `percent` is 0 where `low` is."""

    percent: float
    low: float
    high: float


def drift_distance(
    reference: Counts, window: Counts, *, confidence: float, draws: int, random: np.random.Generator
) -> Distance:
    """Return the drift between two samples counted in the same bins.

    Args:
        reference: events per bin [k], k at least 2, of the reference window; at least one in all.
        window: events per bin [k] of the current window, at least one in all.
        confidence: two-sided confidence level of the interval, for example 0.95.
        draws: resamples of the noise; the tails of the interval need some of them (1,000 and up).
        random: where the resamples come from.
    """
    m, n = int(reference.sum()), int(window.sum())
    difference = window / n - reference / m
    seen = 0.5 * float(np.abs(difference).sum())
    pooled = (reference + window) / (m + n)
    noise = random.multinomial(n, pooled, size=draws) / n - random.multinomial(m, pooled, size=draws) / m
    direction = difference / seen if seen > 0 else _from_largest_to_smallest(pooled)
    tail = (1.0 - confidence) / 2.0
    curves = np.array([_summary(size * direction + noise, tail) for size in _GRID])
    # More drift shows more distance; the resamples' own noise may hide that between neighbours.
    lowest, mean, highest = np.maximum.accumulate(curves, axis=0).T
    low = _solve(highest, seen)
    # Samples more alike than noise leaves them on average are luck, and rule out no more than the average does.
    high = _solve(lowest, max(seen, float(mean[0])))
    return Distance(percent=100.0 * _solve(mean, seen) if low > 0 else 0.0, low=100.0 * low, high=100.0 * high)


def _from_largest_to_smallest(pooled: Floats) -> Floats:
    """A direction of distance 1, for samples that happen to be alike and so show none."""
    smallest, *_, largest = pooled.argsort()
    direction = np.zeros_like(pooled)
    direction[largest], direction[smallest] = -1.0, 1.0
    return direction


def _summary(differences: Floats, tail: float) -> tuple[float, float, float]:
    """Lower quantile, mean and upper quantile of the distances of `differences` [draws, k]."""
    distances = 0.5 * np.abs(differences).sum(axis=1)
    low, high = np.quantile(distances, (tail, 1.0 - tail))
    return float(low), float(distances.mean()), float(high)


def _solve(curve: Floats, seen: float) -> float:
    """The drift at which an increasing `curve` over the grid reaches `seen`; 0 below it, 1 above it."""
    if seen <= curve[0]:
        return 0.0
    return float(np.interp(seen, curve, _GRID))
