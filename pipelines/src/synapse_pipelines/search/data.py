"""The rows that trials train on: the same part of the data set for every trial of a study."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pyarrow.parquet as pq

from synapse_pipelines.data.engine import explained, start_engine
from synapse_pipelines.data.sampling import sample
from synapse_pipelines.data.split import Split
from synapse_pipelines.search.recipe import SearchRecipe

_DATASET_FILE = "dataset.json"


def write_trial_data(dataset: Path, search: SearchRecipe, seed: int, out: Path) -> str:
    """Write a sample of the data set in `dataset`, stratified and equal for equal arguments; return its hash.

    The test split is left out: a search that saw it would choose settings for it.

    Raises:
        DataError: a split is missing or unusable.
    """
    import daft

    out.mkdir(parents=True, exist_ok=True)
    start_engine()
    digest = hashlib.sha256()
    limits: dict[Split, int | None] = {"train": search.train_rows, "valid": search.valid_rows}
    for split, limit in limits.items():
        source, target = dataset / f"{split}.parquet", out / f"{split}.parquet"
        with explained(f"read {source}"):
            rows = sample(daft.read_parquet(str(source)), limit, seed, "key").to_arrow()
        pq.write_table(rows.sort_by("key"), target)
        digest.update(target.read_bytes())
    shutil.copy(dataset / _DATASET_FILE, out / _DATASET_FILE)
    return digest.hexdigest()[:12]
