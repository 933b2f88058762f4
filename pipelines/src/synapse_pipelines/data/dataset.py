"""What a prepared data set is, and how the steps after preparation read it."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict
from synapse_common.taxonomy import COLUMNS

from synapse_pipelines.augmentation.templates import SOURCE_PREFIX
from synapse_pipelines.data.split import SPLITS, Split

REPORT_FILE: Final = "data_report.html"
_MOST_REFERENCE_ROWS: Final = 8_000


class DatasetInfo(BaseModel):
    """What a prepared data set is: content of ``dataset.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Literal["labelled", "generated"]
    version: str
    source_version: str
    rows: dict[str, int]
    sources: dict[str, int]
    licences: dict[str, str] = {}
    """By source of rows that were not generated; where its rows are under several, all of them."""
    positives: dict[str, dict[str, int]]
    negatives: dict[str, dict[str, int]]
    generated_rows_in_train: int
    chat_negatives: int
    quarantined: dict[str, dict[str, int]]
    dropped: dict[str, int]
    feedback: dict[str, float]

    @property
    def empty_classes(self) -> list[str]:
        """Label columns without a positive in train: nothing can be learnt about them from these rows alone."""
        return [column for column in COLUMNS if not self.positives["train"][column]]


def load_split(folder: Path, split: Split) -> pd.DataFrame:
    """Return one split of the data set prepared in `folder`; labels are nullable booleans."""
    return _typed(pd.read_parquet(folder / f"{split}.parquet"))


def reference_rows(folder: Path) -> pd.DataFrame:
    """Return the validation rows of the data set in `folder` that live messages may be compared with.

    They are labelled ones: no chat taken as weak negatives, and no generated rows unless all are generated. Their
    ``raw_length`` and ``raw_language`` are never null. 8,000 at most: more make a bundle larger and drift no clearer.
    """
    valid = load_split(folder, "valid")
    valid = valid[valid["raw_length"].notna()]
    if load_info(folder).name == "labelled":
        valid = valid[~valid["source"].str.startswith(SOURCE_PREFIX)]
    if len(valid) > _MOST_REFERENCE_ROWS:
        valid = valid.sample(_MOST_REFERENCE_ROWS, random_state=0)
    return valid.astype({"raw_length": "int64"})


def load_info(folder: Path) -> DatasetInfo:
    """Return the description of the data set prepared in `folder`."""
    return DatasetInfo.model_validate_json((folder / "dataset.json").read_bytes())


def markdown_summary(info: DatasetInfo) -> str:
    """Return the description of a data set as Markdown."""
    labels = "\n".join(
        f"| {column} | "
        + " | ".join(f"{info.positives[s][column]} / {info.negatives[s][column]}" for s in SPLITS)
        + " |"
        for column in COLUMNS
    )
    dropped = [f"- dropped, {reason}: {count}" for reason, count in info.dropped.items()]
    quarantined = [f"- quarantined {t}, {why}: {n}" for t, rows in info.quarantined.items() for why, n in rows.items()]
    empty = [f"- **no positive in train: {column}**" for column in info.empty_classes]
    rows = ", ".join(f"{count} {name}" for name, count in info.rows.items())
    return (
        f"# Data `{info.name}` version `{info.version}`\n\n{rows}; in train "
        f"{info.generated_rows_in_train} generated rows; {info.chat_negatives} chat messages as weak negatives.\n\n"
        "| positives / negatives | train | valid | test |\n"
        f"| --- | ---: | ---: | ---: |\n{labels}\n\n" + "\n".join(empty + dropped + quarantined) + "\n"
    )


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.astype(dict.fromkeys(COLUMNS, "boolean"))
