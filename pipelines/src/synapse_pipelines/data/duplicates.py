"""One table of all rows in question, cleaned, without noise, and with one row for each text."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

import daft
import numpy as np
import pyarrow as pa
from daft import DataFrame, DataType, Expression, col, lit
from daft.functions import coalesce, when
from daft.functions import hash as hash_of
from synapse_common.taxonomy import COLUMNS

from synapse_pipelines.data.cleaning import clean
from synapse_pipelines.data.engine import equals
from synapse_pipelines.data.flow import FOREIGN, REPEATED
from synapse_pipelines.data.rows import Drawn
from synapse_pipelines.data.stage import Stage, Staged
from synapse_pipelines.recipe import Recipe

_ROWS_PER_BUCKET: Final = 250_000
_KEPT: Final = ("row", "order", "draw", "chat", "split", "text", "key", "language", "source", "label_quality", *COLUMNS)
_RAW: Final = ("raw_length", "raw_language")


@dataclass(frozen=True)
class Unique:
    """Rows of different texts, in buckets by ``row``, the hash of the text's key."""

    rows: Staged
    count: int
    left_out: dict[bool, Counter[str]]
    """Rows that are noise or repeat a text, by whether they are chat, then by reason."""
    languages: Counter[tuple[str, str]]
    """Labelled rows by the language that their source states and the one that was detected."""


def unique_rows(labelled: Drawn, chat: Drawn, recipe: Recipe, stage: Stage) -> Unique:
    """Clean the rows, and keep of those with the same key the one that comes first in ``order``.

    That is labelled before chat; then test before valid before train, so that what measures stays; then gold before
    weak. Equal keys are in one bucket, so one bucket at a time is enough.
    """
    buckets = 1 + (labelled.count + chat.count) // _ROWS_PER_BUCKET
    cleaned = stage.write(_cleaned(labelled.rows.concat(chat.rows), recipe), "cleaned", col("row"), buckets)
    left_out: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    before: Counter[bool] = Counter()
    for is_chat, why, count in _counted(cleaned.all, "chat", "noise"):
        if why is None:
            before[is_chat] += count
        else:
            left_out[is_chat][why] += count
    languages = Counter(
        {(str(stated), str(found)): n for stated, found, n in _counted(_labelled(cleaned), "language", "raw_language")}
    )
    files = {number: stage.write_bucket(_first(bucket), "unique", number) for number, bucket in cleaned.buckets()}
    rows = Staged(cleaned.all.select(*_KEPT, *_RAW).schema(), files)
    after = Counter(dict(_counted(rows.all, "chat")))
    for is_chat in (True, False):
        left_out[is_chat][REPEATED] = before[is_chat] - after[is_chat]
    return Unique(rows, after.total(), left_out, languages)


def _cleaned(rows: DataFrame, recipe: Recipe) -> DataFrame:
    rows = clean(rows.with_column("chat", col("side").not_null()), recipe.cleaning, recipe.pii_profile)
    language = coalesce(col("language"), col("raw_language"))
    foreign = ~language.is_in([*recipe.languages, "und"])
    return rows.with_columns(
        {
            "row": hash_of(col("key")),
            "split": coalesce(col("side"), col("split")),
            "language": language,
            "noise": coalesce(col("noise"), when(foreign, lit(FOREIGN))),
        }
    ).with_column("order", _order())


def _first(bucket: DataFrame) -> DataFrame:
    """The row of each text that comes first. Sorted here, since Daft's windows take a hundred times the memory."""
    table = bucket.where(col("noise").is_null()).select(*_KEPT, *_RAW, "id").to_arrow()
    table = table.sort_by([("row", "ascending"), ("order", "ascending"), ("id", "ascending")])
    rows = table["row"].to_numpy()
    first = np.ones(len(rows), dtype=bool)
    first[1:] = rows[1:] != rows[:-1]
    return daft.from_arrow(table.filter(pa.array(first)).drop_columns("id"))


def _order() -> Expression:
    chat, test, valid, train = col("chat"), *(equals(col("split"), split) for split in ("test", "valid", "train"))
    place = (
        when(~chat & test, lit(0))
        .when(~chat & valid, lit(1))
        .when(~chat, lit(2))
        .when(valid, lit(3))
        .when(train, lit(4))
        .otherwise(lit(5))
    )
    weak = equals(col("label_quality"), "weak").cast(DataType.int32())
    return place * 2 + weak


def _labelled(rows: Staged) -> DataFrame:
    return rows.all.where(~col("chat") & col("noise").is_null())


def _counted(rows: DataFrame, *by: str) -> list[tuple[Any, ...]]:
    found = rows.groupby(*by).agg(col("row").count().alias("n")).to_pydict()
    return sorted(zip(*found.values(), strict=True), key=str)
