"""The files of a prepared data set, written bucket by bucket in a fixed order, with counts of what went into them."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from synapse_common.taxonomy import COLUMNS

from synapse_pipelines.augmentation.templates import SOURCE_PREFIX
from synapse_pipelines.data.flow import NEAR_OTHER_SPLIT, NEAR_SAME_SPLIT, OVER_LIMIT
from synapse_pipelines.data.near_duplicates import Dropped
from synapse_pipelines.data.rows import EVERYDAY
from synapse_pipelines.data.split import SPLITS
from synapse_pipelines.data.stage import Staged

LENGTHS: Final = (10, 20, 40, 80, 160, 320, 640, 1_280, 2_560)
"""Upper bounds (exclusive) of the classes of text lengths, in characters; the last class has none."""

_LABELS: Final = [(column, pa.bool_()) for column in COLUMNS]
_TEXTS: Final = [(name, pa.string()) for name in ("text", "key", "language", "source")]
_QUALITY: Final = [("label_quality", pa.string())]
_RAW: Final = [("raw_length", pa.int64()), ("raw_language", pa.string())]
_SCHEMAS: Final[dict[str, pa.Schema]] = {
    "train": pa.schema([*_TEXTS, *_LABELS, *_QUALITY]),
    "valid": pa.schema([*_TEXTS, *_LABELS, *_QUALITY, *_RAW]),
    "test": pa.schema([*_TEXTS, *_LABELS, *_QUALITY]),
    EVERYDAY: pa.schema([("text", pa.string())]),
}
_FILES: Final[dict[str, str]] = {**{name: f"{name}.parquet" for name in SPLITS}, EVERYDAY: "chat.parquet"}

LabelCounts = dict[str, tuple[int, int]]
"""Positives and negatives by label column."""

Chosen = Mapping[tuple[bool, str], NDArray[np.uint64]]
"""For a kind of rows (chat or not) of a split that has a limit: the rows that are within it."""


@dataclass
class Written:
    """What was written, by split."""

    rows: Counter[str] = field(default_factory=Counter)
    chat: Counter[str] = field(default_factory=Counter)
    """Chat messages among the rows."""
    left_out: dict[bool, Counter[str]] = field(default_factory=lambda: {True: Counter(), False: Counter()})
    """Rows that did not get in, by whether they are chat, then by reason."""
    labels: defaultdict[tuple[str, str, str], LabelCounts] = field(default_factory=lambda: defaultdict(dict))
    """Known labels by split, source (generated ones as one) and language."""
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Rows by split, source and language."""
    lengths: dict[str, list[int]] = field(default_factory=dict)
    """Rows by split and class of text length, see `LENGTHS`."""
    generated_in_train: int = 0
    version: str = ""


def write_splits(unique: Staged, dropped: Dropped, chosen: Chosen, out: Path) -> Written:
    """Write ``train|valid|test.parquet`` and ``chat.parquet`` into `out`; memory holds one bucket at a time."""
    written, digest = Written(), hashlib.sha256()
    removed = {
        NEAR_OTHER_SPLIT: _array(dropped.crossing),
        NEAR_SAME_SPLIT: _array(dropped.within),
    }
    with ExitStack() as files:
        writers = {
            name: files.enter_context(pq.ParquetWriter(out / _FILES[name], schema)) for name, schema in _SCHEMAS.items()
        }
        for _, bucket in unique.buckets():
            table = bucket.sort("row").to_arrow()
            for name in _SCHEMAS:
                part = _within_limits(table.filter(pc.equal(table["split"], name)), name, removed, chosen, written)
                if not len(part):
                    continue
                rows = part.select(_SCHEMAS[name].names).cast(_SCHEMAS[name])
                if name == "valid":
                    rows = _without_raw(rows, part["chat"])
                writers[name].write_table(rows)
                if name in SPLITS:
                    digest.update(name.encode())
                    _hash(rows, digest)
                    _count(part, name, written)
    written.version = digest.hexdigest()[:12]
    return written


def _within_limits(
    table: pa.Table, split: str, removed: Mapping[str, NDArray[np.uint64]], chosen: Chosen, written: Written
) -> pa.Table:
    parts = []
    for chat in (False, True):
        part = table.filter(pc.equal(table["chat"], chat))
        for reason, rows in removed.items():
            part = _keep(part, ~np.isin(part["row"].to_numpy(), rows), reason, written.left_out[chat])
        if (chat, split) in chosen:
            within = np.isin(part["row"].to_numpy(), chosen[chat, split])
            part = _keep(part, within, OVER_LIMIT, written.left_out[chat])
        if chat:
            written.chat[split] += len(part)
        parts.append(part)
    kept = pa.concat_tables(parts).sort_by("row")
    written.rows[split] += len(kept)
    return kept


def _keep(table: pa.Table, mask: NDArray[np.bool_], reason: str, left_out: Counter[str]) -> pa.Table:
    left_out[reason] += int((~mask).sum())
    return table.filter(pa.array(mask))


def _without_raw(rows: pa.Table, chat: pa.ChunkedArray) -> pa.Table:
    """Weak negatives are no reference that live messages may be compared with: they have no raw length."""
    for name, dtype in _RAW:
        masked = pc.if_else(chat, pa.scalar(None, dtype), rows[name])
        rows = rows.set_column(rows.schema.get_field_index(name), name, masked)
    return rows


def _hash(rows: pa.Table, digest: hashlib._Hash) -> None:
    for row in zip(*(rows[name].to_pylist() for name in ("text", *COLUMNS)), strict=True):
        digest.update(repr(row).encode())


def _count(rows: pa.Table, split: str, written: Written) -> None:
    frame = rows.select(["source", "language", "text", *COLUMNS]).to_pandas()
    generated = frame["source"].str.startswith(SOURCE_PREFIX)
    if split == "train":
        written.generated_in_train += int(generated.sum())
    frame["source"] = frame["source"].where(~generated, "generated")
    lengths = np.bincount(np.digitize(frame["text"].str.len(), LENGTHS), minlength=len(LENGTHS) + 1)
    before = written.lengths.get(split, [0] * len(lengths))
    written.lengths[split] = [int(a + b) for a, b in zip(before, lengths, strict=True)]
    for (source, language), group in frame.groupby(["source", "language"]):
        place = (split, str(source), str(language))
        written.counts[place] += len(group)
        for column in COLUMNS:
            positive, negative = written.labels[place].get(column, (0, 0))
            found = (int((group[column] == value).sum()) for value in (True, False))
            written.labels[place][column] = (positive + next(found), negative + next(found))


def _array(rows: set[int]) -> NDArray[np.uint64]:
    return np.fromiter(rows, dtype=np.uint64, count=len(rows))
