"""Which rows of the source tables come into question: labelled texts, and everyday chat that nobody reported."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from typing import Final

import daft
from daft import DataFrame, DataType, Expression, col, lit
from daft.functions import coalesce, startswith, when
from synapse_common.taxonomy import COLUMNS

from synapse_pipelines.augmentation.templates import SOURCE_PREFIX
from synapse_pipelines.data.flow import FOREIGN, NO_LABEL, NOT_DRAWN, REPORTED
from synapse_pipelines.data.sampling import sample
from synapse_pipelines.data.split import hash_share
from synapse_pipelines.data.validation import ValidTable
from synapse_pipelines.recipe import Recipe

CHAT: Final = "chat_logs"
EVERYDAY: Final = "everyday"
"""The side of chat messages that are neither trained on nor validated with: the flag rate is measured on them."""

_EVERYDAY_SHARE: Final = 0.3  # of chat messages: kept apart to measure how often everyday text is flagged
_VALID_SHARE: Final = 0.2  # of the other chat messages, which are taken as weak negatives
_SPARE: Final = 2  # chat messages drawn for each that is wanted: some are noise or duplicates
_COLUMNS: Final = ("id", "text", "language", "source", "label_quality", *COLUMNS, "side", "draw")


@dataclass
class Drawn:
    """Rows of one table that come into question, not read yet, and how many of the others were left out and why."""

    rows: DataFrame
    """Columns id, text, language, source, label_quality, the labels, ``side`` (of chat) and ``draw`` (its order)."""
    count: int
    left_out: Counter[str] = field(default_factory=Counter)


def labelled_rows(table: ValidTable, recipe: Recipe) -> Drawn:
    """Return the annotations with any label, in the recipe's languages, at most ``max_source_rows`` of them."""
    unlabelled = reduce(and_, (col(name).is_null() for name in COLUMNS))
    reason = coalesce(
        when(unlabelled, lit(NO_LABEL)),
        when(~col("language").is_in(list(recipe.languages)), lit(FOREIGN)),
    )
    rows = table.rows.with_column("_left_out", reason)
    counted = rows.groupby("_left_out").agg(col("id").count().alias("n")).to_pydict()
    left_out = Counter({why: n for why, n in zip(counted["_left_out"], counted["n"], strict=True) if why})
    usable = table.count - left_out.total()
    drawn = sample(rows.where(col("_left_out").is_null()), recipe.max_source_rows, recipe.seed, by="id")
    count = min(usable, recipe.max_source_rows or usable)
    left_out[NOT_DRAWN] = usable - count
    drawn = drawn.with_columns({"side": _null(DataType.string()), "draw": _null(DataType.float64())})
    return Drawn(drawn.select(*_COLUMNS), count, left_out)


def all_generated(rows: DataFrame) -> bool:
    """Whether every row is of the project's own generator."""
    return rows.where(~startswith(col("source"), SOURCE_PREFIX)).limit(1).count_rows() == 0


def chat_rows(chat: ValidTable, feedback: ValidTable, negatives: int, everyday: int, seed: int) -> Drawn:
    """Return chat messages that nobody reported, about twice as many as are wanted, in the columns of annotations.

    Those of ``train`` and ``valid`` are taken as negative for all but `toxicity`, since people swear in chat. They tell
    the rare categories, which few sources label, what ordinary text looks like. A message's side and its place in the
    draw are hashes of its identifier.
    """
    reported = feedback.rows.where(col("report") & col("message_id").not_null()).select("message_id").distinct()
    unreported = chat.rows.join(reported, on="message_id", how="anti").select("message_id", "text")
    total = unreported.count_rows()
    wanted = max(negatives / (1 - _EVERYDAY_SHARE), everyday / _EVERYDAY_SHARE)
    limit = _SPARE * wanted / max(1, total)

    @daft.func.batch(return_dtype=DataType.float64())
    def draw(identities: daft.Series) -> list[float]:
        return [hash_share(identity, f"draw {seed} ") for identity in identities.to_pylist()]

    @daft.func.batch(return_dtype=DataType.string())
    def side(identities: daft.Series) -> list[str]:
        return [chat_side(identity) for identity in identities.to_pylist()]

    drawn = unreported.with_column("draw", draw(col("message_id"))).where(col("draw") < lit(limit))
    count = drawn.count_rows()
    labels = {name: lit(value=False) if name != "toxicity" else _null(DataType.bool()) for name in COLUMNS}
    rows = drawn.with_columns(
        {
            "id": col("message_id"),
            "side": side(col("message_id")),
            "language": _null(DataType.string()),
            "source": lit(CHAT),
            "label_quality": lit("weak"),
            **labels,
        }
    )
    left_out = Counter({REPORTED: chat.count - total, NOT_DRAWN: total - count})
    return Drawn(rows.select(*_COLUMNS), count, left_out)


def chat_side(message_id: str) -> str:
    """Return ``train``, ``valid`` or ``everyday`` for a chat message, by a hash of its identifier alone."""
    share = hash_share(message_id, "side ")
    if share < _EVERYDAY_SHARE:
        return EVERYDAY
    return "valid" if share < _EVERYDAY_SHARE + (1 - _EVERYDAY_SHARE) * _VALID_SHARE else "train"


def _null(dtype: DataType) -> Expression:
    return lit(None).cast(dtype)
