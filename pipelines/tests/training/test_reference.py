"""The window that live messages are compared with."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from synapse_common.bundle import Bundle
from synapse_common.taxonomy import COLUMNS
from synapse_pipelines.data.dataset import reference_rows
from synapse_pipelines.training.reference import write_reference


def test_a_window_of_other_data_has_the_columns_of_the_bundles_own(
    moderation_bundle: Bundle, dataset: Path, tmp_path: Path
) -> None:
    write_reference(moderation_bundle, dataset, tmp_path / "reference.parquet")
    other = pd.read_parquet(tmp_path / "reference.parquet")
    own = pd.read_parquet(moderation_bundle.file("reference.parquet"))
    assert other.dtypes.to_dict() == own.dtypes.to_dict()
    assert len(other) == len(reference_rows(dataset))
    assert other[[f"score__{column}" for column in COLUMNS]].to_numpy().max() <= 1
