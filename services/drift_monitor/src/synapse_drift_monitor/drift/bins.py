"""Binning: from the values of a signal to counts, in bins that the reference window sets once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synapse_drift_monitor.drift.distance import Counts

_DECILES = np.linspace(0.1, 0.9, 9)


class NumericBins:
    """Bins between the reference's deciles. A value that makes up several deciles gets a bin of its own."""

    def __init__(self, reference: NDArray[Any]) -> None:
        # "lower" picks values that occur, so that ties stay recognisable.
        deciles = np.quantile(reference, _DECILES, method="lower")
        values, times = np.unique(deciles, return_counts=True)
        above = np.nextafter(values[times > 1].astype(np.float32), np.float32(np.inf))
        self._edges = np.unique(np.concatenate([values.astype(np.float32), above]))

    def count(self, column: pd.Series[Any]) -> Counts:
        """Events per bin; a bin holds its lower edge."""
        indexes = np.searchsorted(self._edges, column.to_numpy(dtype=np.float32), side="right")
        return np.bincount(indexes, minlength=len(self._edges) + 1).astype(np.int64)


class CategoryBins:
    """One bin for each value of the reference, and one for all others."""

    def __init__(self, values: Sequence[object]) -> None:
        self._values = list(dict.fromkeys(values))

    def count(self, column: pd.Series[Any]) -> Counts:
        """Events per bin."""
        counts = column.value_counts()
        known = [int(counts.get(value, 0)) for value in self._values]
        return np.array([*known, len(column) - sum(known)], dtype=np.int64)


Bins = NumericBins | CategoryBins
