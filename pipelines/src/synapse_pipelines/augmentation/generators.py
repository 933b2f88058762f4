"""Rows made from nothing, by kind: from the phrase banks or by a chat model, behind one interface."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import product
from typing import Final, Protocol

import pandas as pd
from synapse_common.language import detect_language
from synapse_common.taxonomy import CATEGORIES, COLUMNS

from synapse_pipelines.augmentation.chat import LANGUAGE_NAMES, ChatClient, prompt
from synapse_pipelines.augmentation.filter import LANGUAGE
from synapse_pipelines.augmentation.groups import Language
from synapse_pipelines.augmentation.rows import from_generator, joined
from synapse_pipelines.augmentation.templates import SOURCE_PREFIX

_TEXTS_A_CALL: Final = 10
_BAD: Final = "answer not as asked for"
# What a category is always part of. Other categories of a text asked for one are unknown.
_IMPLIED: Final = {
    "hate": ("toxicity",),
    "hate/threatening": ("toxicity", "hate", "violence"),
    "harassment": ("toxicity",),
}


@dataclass(frozen=True)
class Kind:
    """What rows are asked for: harmful ones of a category, or harmless ones that look like it."""

    category: str
    language: Language
    harmful: bool

    @property
    def column(self) -> str:
        """The category's label column."""
        return COLUMNS[CATEGORIES.index(self.category)]


LANGUAGES: Final[tuple[Language, ...]] = ("en", "pt")
KINDS: Final[tuple[Kind, ...]] = tuple(
    Kind(category, language, harmful) for category, language, harmful in product(CATEGORIES, LANGUAGES, (True, False))
)


class Generator(Protocol):
    """Makes labelled rows of a kind."""

    def generate(self, kind: Kind, rows: int) -> pd.DataFrame:
        """Return up to `rows` rows of `kind` in the columns of a split, with ``method``; fewer where it has no more."""


class TemplateGenerator:
    """Rows of the phrase banks, from a pool such as those of one split's lines (see `bank_splits`)."""

    def __init__(self, pool: pd.DataFrame) -> None:
        self._pool = pool

    def generate(self, kind: Kind, rows: int) -> pd.DataFrame:
        """Return the pool's first rows of `kind`; harmless means no positive label at all."""
        labels = self._pool[list(COLUMNS)].fillna(value=False)
        of_kind = labels[kind.column] if kind.harmful else ~labels.any(axis=1)
        return self._pool[of_kind & (self._pool["language"] == kind.language)].head(rows).reset_index(drop=True)


class ChatGenerator:
    """Rows by a chat model, several texts an answer. Answers that are not as asked for are counted in `bad`."""

    def __init__(self, client: ChatClient, seed: int) -> None:
        self._client = client
        self._seed = seed
        self.bad: Counter[str] = Counter()

    def generate(self, kind: Kind, rows: int) -> pd.DataFrame:
        """Return up to `rows` distinct rows of `kind`.

        Raises:
            AugmentationError: the upstream cannot be reached or refuses a call.
        """
        calls = math.ceil(rows / _TEXTS_A_CALL)
        text = prompt(
            "harmful" if kind.harmful else "harmless",
            language=LANGUAGE_NAMES[kind.language],
            category=kind.category,
            count=str(_TEXTS_A_CALL),
        )
        found: list[str] = []
        for answer in self._client.ask([text] * calls, self._seed):
            self.bad[_BAD] += answer is None
            found += answer or []
        return from_generator(pd.DataFrame([_row(text, kind) for text in dict.fromkeys(found)], columns=_COLUMNS)).head(
            rows
        )


def written_rows(rows: int, client: ChatClient, seed: int) -> tuple[pd.DataFrame, Counter[str]]:
    """Return about `rows` rows by a chat model, as many of each kind, and what was dropped by reason."""
    generator = ChatGenerator(client, seed)
    made = joined(*(generator.generate(kind, math.ceil(rows / len(KINDS))) for kind in KINDS))
    found = zip(made["text"], made["language"], strict=True)
    other = pd.Series([detect_language(text) not in (language, "und") for text, language in found], dtype=bool)
    return made[~other].reset_index(drop=True), generator.bad + Counter({LANGUAGE: int(other.sum())})


_COLUMNS: Final = ["text", "language", "source", "label_quality", "method", "parent_id", "identity", *COLUMNS]


def _row(text: str, kind: Kind) -> dict[str, object]:
    """A harmless text is asked to be so in all respects; of a harmful one only its category is known."""
    known = {kind.category, *_IMPLIED.get(kind.category, ())}
    labels = {
        column: (True if name in known else None) if kind.harmful else False
        for column, name in zip(COLUMNS, CATEGORIES, strict=True)
    }
    block = f"{'harmful' if kind.harmful else 'harmless'}-{kind.column}"
    return {
        "text": text,
        "language": kind.language,
        "source": f"{SOURCE_PREFIX}llm/{block}-0",
        "label_quality": "weak",
        "method": "llm",
        "parent_id": None,
        "identity": None,
        **labels,
    }
