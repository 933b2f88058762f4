"""The rows that trials train on: the same part of the data set for every trial of a study."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from synapse_pipelines.data.sampling import sample
from synapse_pipelines.data.split import Split
from synapse_pipelines.search.recipe import SearchRecipe
from synapse_pipelines.training.rows import read_split

DATASET_FILE = "dataset.json"


def write_trial_data(dataset: Path, search: SearchRecipe, seed: int, out: Path) -> str:
    """Write a sample of the data set in `dataset`, stratified and equal for equal arguments; return its hash.

    The test split is left out: a search that saw it would choose settings for it.

    Raises:
        DataError: a split is missing or unusable.
    """
    out.mkdir(parents=True, exist_ok=True)
    limits: dict[Split, int | None] = {"train": search.train_rows, "valid": search.valid_rows}
    for split, limit in limits.items():
        rows = sample(read_split(dataset, split), limit, seed)
        rows.to_parquet(out / f"{split}.parquet", index=False)
    shutil.copy(dataset / DATASET_FILE, out / DATASET_FILE)
    digest = hashlib.sha256()
    for name in ("train.parquet", "valid.parquet"):
        digest.update((out / name).read_bytes())
    return digest.hexdigest()[:12]
