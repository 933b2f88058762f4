"""Cleaning of texts: mask personal data, normalise, tell noise from messages, identify the language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import daft
from daft import DataFrame, DataType, col
from daft.functions import unnest
from synapse_common.language import detect_language
from synapse_common.text import normalise

from synapse_pipelines.data.recipe import CleaningRecipe
from synapse_pipelines.data.split import split_of
from synapse_pipelines.pii.masking import mask_texts
from synapse_pipelines.recipe import PiiProfile

_PLACEHOLDER = re.compile(r"\((?:URL|EMAIL|IP|PHONE|[A-Z_ ]{2,20})\)|\buser\b")
_LETTER = re.compile(r"[^\W\d_]")
_NOT_WORD = re.compile(r"\W+")
# UTF-8 that was read as Latin-1 or Windows-1252: an accented letter became two signs. Also what stands for a lost byte.
_MOJIBAKE = re.compile(
    "[\u00c2\u00c3][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u2013-\u203a\u20ac\u2122]|\u00e2\u20ac|\ufffd"
)
_MOJIBAKE_SHARE: Final = 0.02  # of the characters; a person may quote one such sign

COLUMNS_ADDED: Final = ("text", "key", "noise", "split", "raw_length", "raw_language")


def duplicate_key(text: str) -> str:
    """Return what two texts must share to count as the same: their words, whatever the case and punctuation."""
    return _NOT_WORD.sub(" ", text.casefold()).strip() or text


def noise_reason(raw: str, text: str, recipe: CleaningRecipe) -> str | None:
    """Return why a message is noise, or None; `raw` as it came in, `text` cleaned."""
    if not text:
        return "empty after cleaning"
    letters = _LETTER.findall(_PLACEHOLDER.sub("", text).casefold())
    if not letters:
        return "no words"
    if len(letters) < recipe.min_letters:
        return "too short"
    if len(letters) > 1 and len(set(letters)) == 1:
        return "one letter repeated"
    if len(text) > recipe.max_characters:
        return "too long"
    if len(_MOJIBAKE.findall(raw)) > _MOJIBAKE_SHARE * len(raw):
        return "broken encoding"
    return None


def clean(rows: DataFrame, recipe: CleaningRecipe, profile: PiiProfile) -> DataFrame:
    """Clean the column ``text`` of `rows`, which have ``id`` and ``source``, too.

    Adds ``key`` (see `duplicate_key`), ``noise`` (why the row is noise, or null), ``split`` (see `split_of`), and
    ``raw_length`` and ``raw_language``: length in characters and detected language of the text as it came in.
    """
    added = {name: DataType.string() for name in COLUMNS_ADDED} | {"raw_length": DataType.int64()}

    @daft.func.batch(return_dtype=DataType.struct(added))
    def cleaned(ids: daft.Series, sources: daft.Series, texts: daft.Series) -> list[dict[str, str | int | None]]:
        return _clean_batch(ids.to_pylist(), sources.to_pylist(), texts.to_pylist(), recipe, profile)

    kept = [name for name in rows.column_names if name != "text"]
    result = cleaned(col("id"), col("source"), col("text")).alias("_cleaned")
    return rows.select(*kept, result).select(*kept, unnest(col("_cleaned")))


def _clean_batch(
    ids: Sequence[str], sources: Sequence[str], raws: Sequence[str], recipe: CleaningRecipe, profile: PiiProfile
) -> list[dict[str, str | int | None]]:
    texts = [normalise(text) for text in mask_texts(raws, profile)]
    return [
        {
            "text": text,
            "key": duplicate_key(text),
            "noise": noise_reason(raw, text, recipe),
            "split": split_of(stable_id, source),
            "raw_length": len(raw),
            "raw_language": detect_language(raw),
        }
        for stable_id, source, raw, text in zip(ids, sources, raws, texts, strict=True)
    ]
