from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from synapse_common.bundle import Bundle, BundleError
from synapse_drift_monitor.drift.reference import Reference, load_reference


def load(folder: Path) -> Reference:
    return load_reference(Bundle.open(folder, kind="moderation"))


def test_the_signals_are_scores_length_language_and_flags(reference: Reference) -> None:
    assert [signal.name for signal in reference.signals] == [
        "score:toxicity",
        "score:hate",
        "score:hate/threatening",
        "score:harassment",
        "score:sexual",
        "score:self-harm",
        "score:violence",
        "score:illicit",
        "text_length",
        "language",
        "flagged",
    ]
    assert all(signal.counts.sum() == 2000 for signal in reference.signals)


def test_the_version_is_the_bundles(reference: Reference, bundle: Path) -> None:
    assert reference.model_version == Bundle.open(bundle, kind="moderation").manifest.version


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="language"), "lacks the columns language"),
        (lambda table: table.head(99), "99 rows"),
        (lambda table: table.assign(score__hate=np.nan), "missing values"),
        (lambda table: table.assign(score__hate=1.5), "between 0 and 1"),
        (lambda table: table.assign(score__hate="high"), "scores must be floats"),
        (lambda table: table.assign(flagged=1), "flagged booleans"),
        (lambda table: table.assign(text_length=0.5), "text_length must be integers"),
    ],
)
def test_a_reference_that_cannot_be_used_is_refused(
    make_bundle: Callable[..., Path],
    population: Any,
    change: Callable[[pd.DataFrame], pd.DataFrame],
    message: str,
) -> None:
    table = change(population().draw(200, np.random.default_rng(0)))
    with pytest.raises(BundleError, match=message):
        load(make_bundle(table, "other"))


def test_a_table_that_cannot_be_read_is_refused(
    bundle: Path, make_bundle: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Bundle.open(bundle, kind="moderation")
    (bundle / "reference.parquet").write_bytes(b"not parquet")
    with pytest.raises(BundleError, match="cannot be read"):
        load_reference(opened)


def test_a_file_stands_in_for_the_bundles_window(bundle: Path, tmp_path: Path) -> None:
    table = pd.read_parquet(bundle / "reference.parquet").head(150)
    table.to_parquet(tmp_path / "own.parquet")
    found = load_reference(Bundle.open(bundle, kind="moderation"), tmp_path / "own.parquet")
    assert found.path == tmp_path / "own.parquet"
    assert all(signal.counts.sum() == 150 for signal in found.signals)
