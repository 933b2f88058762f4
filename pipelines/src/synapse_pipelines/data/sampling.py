"""Stratified sampling: keep thin categories and the smaller language visible when only part of the data fits."""

from __future__ import annotations

from collections.abc import Sequence

import daft
import numpy as np
import pandas as pd
from daft import DataFrame, DataType, col
from synapse_common.taxonomy import COLUMNS

from synapse_pipelines.data.split import hash_share


def strata(rows: pd.DataFrame, rarest_first: Sequence[str]) -> pd.Series[str]:
    """Return for each row its stratum: its language, its rarest positive category, and whether most labels are known.

    Sources that label most categories are few, and the only ones with negatives for the rare categories.
    """
    positives = rows[list(COLUMNS)].fillna(value=False).astype(bool)
    rarest = positives[list(rarest_first)].idxmax(axis=1).where(positives.any(axis=1), "none")
    dense = (rows[list(COLUMNS)].notna().sum(axis=1) > len(COLUMNS) // 2).map({True: "/dense", False: ""})
    return rows["language"] + "/" + rarest + dense


def sample(rows: DataFrame, max_rows: int | None, seed: int, by: str) -> DataFrame:
    """Return at most `max_rows` of `rows`, without replacement, the same ones for the same seed in any order of rows.

    A row's chance is inverse to the square root of its stratum's size: between proportional (thin strata vanish) and
    equal (the model sees little of common speech). Method: Efraimidis and Spirakis (2006), weighted reservoir keys,
    drawn from a hash of the column `by`, which identifies a row.
    """
    if max_rows is None:
        return rows
    totals = rows.agg(*(col(name).cast(DataType.int64()).sum() for name in COLUMNS)).to_pydict()
    rarest_first = sorted(COLUMNS, key=lambda name: totals[name][0] or 0)

    @daft.func.batch(return_dtype=DataType.string())
    def stratum(language: daft.Series, *labels: daft.Series) -> list[str]:
        columns = {name: pd.array(values.to_pylist(), "boolean") for name, values in zip(COLUMNS, labels, strict=True)}
        return strata(pd.DataFrame({"language": language.to_pylist(), **columns}), rarest_first).tolist()

    grouped = rows.with_column("_stratum", stratum(col("language"), *(col(name) for name in COLUMNS)))
    counted = grouped.groupby("_stratum").agg(col("_stratum").count().alias("n")).to_pydict()
    sizes = dict(zip(counted["_stratum"], counted["n"], strict=True))
    if sum(sizes.values()) <= max_rows:
        return rows

    @daft.func.batch(return_dtype=DataType.float64())
    def chance(names: daft.Series, identities: daft.Series) -> list[float]:
        return [
            float(np.log(hash_share(str(identity), f"sample {seed} ") or np.nextafter(0, 1)) * np.sqrt(sizes[name]))
            for name, identity in zip(names.to_pylist(), identities.to_pylist(), strict=True)
        ]

    drawn = grouped.with_column("_chance", chance(col("_stratum"), col(by))).sort("_chance", desc=True).limit(max_rows)
    return drawn.exclude("_stratum", "_chance")
