"""Stratified sampling: keep thin categories and the smaller language visible when only part of the data fits."""

from __future__ import annotations

import numpy as np
import pandas as pd
from synapse_common.taxonomy import COLUMNS


def strata(rows: pd.DataFrame) -> pd.Series[str]:
    """Return for each row its stratum: its language, its rarest positive category, and whether most labels are known.

    Sources that label most categories are few, and the only ones with negatives for the rare categories.
    """
    positives = rows[list(COLUMNS)].fillna(False).astype(bool)
    rarest_first = positives.sum().sort_values(kind="stable").index
    rarest = positives[rarest_first].idxmax(axis=1).where(positives.any(axis=1), "none")
    dense = (rows[list(COLUMNS)].notna().sum(axis=1) > len(COLUMNS) // 2).map({True: "/dense", False: ""})
    return rows["language"] + "/" + rarest + dense


def sample(rows: pd.DataFrame, max_rows: int | None, seed: int) -> pd.DataFrame:
    """Return at most `max_rows` of `rows`, without replacement, the same ones for the same seed.

    A row's chance is inverse to the square root of its stratum's size: between proportional (thin strata vanish) and
    equal (the model sees little of common speech). Method: Efraimidis and Spirakis (2006), weighted reservoir keys.
    """
    if max_rows is None or len(rows) <= max_rows:
        return rows
    group = strata(rows)
    weight = group.map(group.value_counts()).astype(float) ** -0.5
    uniform = np.random.default_rng(seed).random(len(rows))
    keys = pd.Series(np.log(uniform), index=rows.index) / weight
    return rows.loc[keys.nlargest(max_rows).index].sort_index()
