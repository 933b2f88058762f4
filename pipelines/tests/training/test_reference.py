"""The window that live messages are compared with."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from synapse_common.bundle import Bundle
from synapse_common.taxonomy import COLUMNS
from synapse_pipelines.data import dataset as described
from synapse_pipelines.data.dataset import reference_rows
from synapse_pipelines.training.reference import write_reference


def test_a_window_of_other_data_has_the_columns_of_the_bundles_own(
    moderation_bundle: Bundle, dataset: Path, tmp_path: Path
) -> None:
    file = tmp_path / "not there yet" / "reference.parquet"
    write_reference(moderation_bundle, dataset, file)
    other = pd.read_parquet(file)
    own = pd.read_parquet(moderation_bundle.file("reference.parquet"))
    assert other.dtypes.to_dict() == own.dtypes.to_dict()
    assert len(other) == len(reference_rows(dataset))
    assert other[[f"score__{column}" for column in COLUMNS]].to_numpy().max() <= 1


def test_the_window_has_no_more_rows_than_it_may(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    every = reference_rows(dataset)
    monkeypatch.setattr(described, "_MOST_REFERENCE_ROWS", 20)
    some = reference_rows(dataset)
    assert len(some) == 20 < len(every)
    pd.testing.assert_frame_equal(some, every.loc[some.index])
    pd.testing.assert_frame_equal(some, reference_rows(dataset))  # the same rows each time
