"""The reference window: the predictions a model made on its labelled validation rows, kept in its bundle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from pyarrow import ArrowException
from synapse_common.bundle import Bundle, BundleError
from synapse_common.taxonomy import CATEGORIES, COLUMNS

from synapse_drift_monitor.drift.bins import Bins, CategoryBins, NumericBins
from synapse_drift_monitor.drift.distance import Counts

_FILE: Final = "reference.parquet"
_FEWEST_ROWS: Final = 100
SCORE_COLUMNS: Final = tuple(f"score__{column}" for column in COLUMNS)


@dataclass(frozen=True)
class Signal:
    """One thing that is watched: the column it is in, its bins, and the reference's events per bin."""

    name: str
    column: str
    bins: Bins
    counts: Counts


@dataclass(frozen=True)
class Reference:
    """The reference window of one model version."""

    model_version: str
    path: Path
    signals: tuple[Signal, ...]


def load_reference(bundle: Bundle, file: Path | None = None) -> Reference:
    """Read the reference window of a verified moderation bundle, or the one in `file` that stands in for it.

    Raises:
        BundleError: the table cannot be read, lacks a column, has too few rows or impossible values.
    """
    path = file or bundle.file(_FILE)
    try:
        table = pd.read_parquet(path)
    except (ArrowException, OSError, ValueError) as error:
        raise BundleError(f"{path} cannot be read: {error}") from error
    _check(table, path)
    signals = [
        _signal(f"score:{category}", column, NumericBins(table[column].to_numpy()), table)
        for category, column in zip(CATEGORIES, SCORE_COLUMNS, strict=True)
    ]
    signals.append(_signal("text_length", "text_length", NumericBins(table["text_length"].to_numpy()), table))
    signals += [
        _signal(name, name, CategoryBins(sorted(table[name].unique())), table) for name in ("language", "flagged")
    ]
    return Reference(bundle.manifest.version, path, tuple(signals))


def _signal(name: str, column: str, bins: Bins, table: pd.DataFrame) -> Signal:
    return Signal(name, column, bins, bins.count(table[column]))


def _check(table: pd.DataFrame, path: Path) -> None:
    expected = (*SCORE_COLUMNS, "text_length", "language", "flagged")
    if missing := [column for column in expected if column not in table]:
        raise BundleError(f"{path} lacks the columns {', '.join(missing)}")
    if len(table) < _FEWEST_ROWS:
        raise BundleError(f"{path} has {len(table)} rows; a reference window needs {_FEWEST_ROWS}")
    if table[list(expected)].isna().any(axis=None):
        raise BundleError(f"{path} has missing values")
    if not (_is_kind(table["flagged"], "b") and all(_is_kind(table[name], "f") for name in SCORE_COLUMNS)):
        raise BundleError(f"{path}: scores must be floats and flagged booleans")
    if not np.isin(table["text_length"].dtype.kind, ["i", "u"]):
        raise BundleError(f"{path}: text_length must be integers")
    scores = table[list(SCORE_COLUMNS)].to_numpy()
    if scores.min() < 0.0 or scores.max() > 1.0:
        raise BundleError(f"{path} has scores that are not between 0 and 1")


def _is_kind(column: pd.Series[Any], kind: str) -> bool:
    return column.dtype.kind == kind
