from pathlib import Path

import pandas as pd
from synapse_common.taxonomy import COLUMNS
from synapse_pipelines.data.dataset import DatasetInfo
from synapse_pipelines.registry.card.build import data_facts

LABELS = dict.fromkeys(COLUMNS, 0)
INFO = DatasetInfo(
    name="labelled",
    version="v1",
    source_version="s1",
    rows={"train": 4, "valid": 1, "test": 1},
    sources={"tupy": 3},
    licences={"tupy": "MIT", "chat_logs": "CC-BY-4.0"},
    positives=dict.fromkeys(("train", "valid", "test"), LABELS),
    negatives=dict.fromkeys(("train", "valid", "test"), LABELS),
    generated_rows_in_train=2,
    chat_negatives=1,
    quarantined={},
    dropped={},
    feedback={},
)


def dataset(folder: Path) -> Path:
    sources = {
        "train": [("tupy", None), ("generated/en_hate/a-1", "template"), ("tupy", "obfuscation"), ("chat_logs", None)],
        "valid": [("generated/en_hate/a-2", "template")],
        "test": [("stormfront", None)],
    }
    for split, rows in sources.items():
        frame = pd.DataFrame(rows, columns=["source", "method"])
        if split == "test":  # a split that nothing was generated for has no such column
            frame = frame.drop(columns="method")
        frame.to_parquet(folder / f"{split}.parquet")
    return folder


def test_rows_are_counted_by_source_with_licence_and_whom_to_name(tmp_path: Path) -> None:
    facts = data_facts(dataset(tmp_path), INFO)
    sources = {one.name: one for one in facts.sources}
    assert list(sources) == ["chat_logs", "stormfront", "tupy"]
    assert sources["tupy"].rows == {"train": 1, "valid": 0, "test": 0}
    assert (sources["tupy"].licence, sources["tupy"].attribution) == ("MIT", "Copyright (c) 2023 Silly Machine")
    assert sources["stormfront"].licence == "not stated"
    assert "Vicomtech" in sources["stormfront"].attribution


def test_generated_rows_are_counted_by_method(tmp_path: Path) -> None:
    facts = data_facts(dataset(tmp_path), INFO)
    assert {one.name: one.rows for one in facts.generated} == {
        "template": {"train": 1, "valid": 1, "test": 0},
        "obfuscation": {"train": 1, "valid": 0, "test": 0},
    }
