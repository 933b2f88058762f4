"""Which rows a data set has, from whom and under which licence; copies of rows have the licence of what they copy."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd

from synapse_pipelines.augmentation.templates import SOURCE_PREFIX
from synapse_pipelines.data.dataset import DatasetInfo
from synapse_pipelines.data.split import SPLITS
from synapse_pipelines.registry.card.data import DataFacts, GeneratedRows, SourceRows
from synapse_pipelines.registry.card.known import NOT_STATED, OWN_LICENCE, attribution

_BY_CHAT_MODEL: Final = f"{SOURCE_PREFIX}llm/"
_CHAT_MODEL_TERMS: Final = "terms of the chat model that wrote them"


def data_facts(dataset: Path, info: DatasetInfo) -> DataFacts:
    """Return what the prepared data in `dataset`, described by `info`, were made from: sources and generated rows."""
    rows = _rows(dataset)
    people = rows[rows["method"].isna()]
    made = rows[rows["method"].notna()].copy()
    made["licence"] = [_licence(origin, info) for origin in made["origin"]]
    return DataFacts(
        name=info.name,
        version=info.version,
        source_version=info.source_version,
        rows=info.rows,
        sources=[
            SourceRows(
                name=str(source),
                licence=info.licences.get(str(source), NOT_STATED),
                attribution=attribution(str(source)),
                rows=_by_split(own),
            )
            for source, own in people.groupby("source")
        ],
        generated=[
            GeneratedRows(
                method=str(method),
                licence=str(licence),
                copied_from=sorted(set(own["origin"]) & set(people["source"])),
                rows=_by_split(own),
            )
            for (method, licence), own in made.groupby(["method", "licence"])
        ],
    )


def origins(rows: pd.DataFrame) -> list[str]:
    """Return for each row the source of the text that it was made from in the end: copies are made of copies, too.

    A row made from no other has its own source. A parent stands before its copies, as augmentation writes them; where
    it does not, its copies' origin is not known (`NOT_STATED`), rather than taken for this project's own.
    """
    found: dict[str, str] = {}
    for key, source, parent in zip(rows["key"], rows["source"], rows["parent_id"], strict=True):
        found[key] = source if pd.isna(parent) else found.get(parent, NOT_STATED)
    return [found[key] for key in rows["key"]]


def _rows(dataset: Path) -> pd.DataFrame:
    """All rows with their split, method (null: people wrote it) and origin."""
    parts = []
    for split in SPLITS:
        rows = pd.read_parquet(dataset / f"{split}.parquet")
        # A split that nothing was generated for lacks the columns.
        rows = rows.reindex(columns=["key", "source", "method", "parent_id"]).astype("object")
        # Rows of the plain sentence generator name no method, but their source tells.
        plain = rows["method"].isna() & rows["source"].str.startswith(SOURCE_PREFIX)
        rows.loc[plain, "method"] = "template"
        parts.append(rows.assign(split=split, origin=origins(rows)))
    return pd.concat(parts, ignore_index=True)


def _licence(origin: str, info: DatasetInfo) -> str:
    if not origin.startswith(SOURCE_PREFIX):
        return info.licences.get(origin, NOT_STATED)
    return _CHAT_MODEL_TERMS if origin.startswith(_BY_CHAT_MODEL) else OWN_LICENCE


def _by_split(rows: pd.DataFrame) -> dict[str, int]:
    return {split: int((rows["split"] == split).sum()) for split in SPLITS}
