"""Labelled rows from phrase banks: abuse of every category and the harmless sentences that look like it, in EN and PT.

The idea is that of functional tests (Ribeiro et al., 2020, CheckList; Röttger et al., 2021): a phenomenon like a quoted
slur or a "killed" process gets harmful and harmless sentences side by side, so that the model cannot go by a word.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, model_validator
from synapse_common.taxonomy import CATEGORIES, COLUMNS

from synapse_pipelines.augmentation.groups import GROUP_SLOTS, Language, fill_group
from synapse_pipelines.augmentation.style import vary

SOURCE_PREFIX: Final = "generated/"
_LICENSE: Final = "Apache-2.0"
_SLOT: Final = re.compile(r"\{(\w+)\}")
_JOINED_SHARE: Final = 0.15
_MOST_PASSES: Final = 40
_PLAIN: Final = ("ordinary", "harmless", "clean")  # in the names of blocks of everyday text


class Block(BaseModel):
    """Lines with the same labels: `labels` are positive, `unknown` masked, all other categories negative."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    labels: list[str]
    unknown: list[str] = []
    lines: list[str]

    @model_validator(mode="after")
    def _names_categories(self) -> Block:
        if wrong := set(self.labels + self.unknown) - set(CATEGORIES):
            raise ValueError(f"{self.name} names {', '.join(sorted(wrong))}, which the taxonomy lacks")
        return self


class Bank(BaseModel):
    """One file of ``banks/``."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    language: Language
    slots: dict[str, list[str]] = {}
    blocks: list[Block]


@dataclass(frozen=True)
class Line:
    """A sentence template. Its rows are near duplicates of each other, so a line belongs to one split."""

    source: str
    text: str
    block: Block
    bank: Bank

    @property
    def bank_name(self) -> str:
        """The name of the bank's file, without its ending."""
        return self.source.split("/")[1]


@cache
def lines() -> tuple[Line, ...]:
    """Return every line of the phrase banks, in a fixed order."""
    folder = files(__package__).joinpath("banks")
    found: list[Line] = []
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        bank = Bank.model_validate(yaml.safe_load(file.read_text("utf-8")))
        stem = file.name.removesuffix(".yaml")
        for block in bank.blocks:
            found += [
                Line(f"{SOURCE_PREFIX}{stem}/{block.name}-{_name(text)}", text, block, bank) for text in block.lines
            ]
    return tuple(found)


def _name(text: str) -> str:
    """A name for a line that stays when others come and go around it."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def template_rows(rows: int, seed: int, banks: Collection[str] | None = None) -> pd.DataFrame:
    """Return up to `rows` distinct rows in the schema of ``annotations``, with `method`, `parent_id` and `identity`.

    Equal for equal arguments. Lines take turns, so a long list of slot words does not crowd out a plain sentence; there
    are fewer rows than asked for once no line yields a new one. `banks` names the phrase banks to use; None: all.
    """
    drawn = list(_draw(rows, random.Random(seed), banks))  # noqa: S311 - repeatable data, no secrets
    return pd.DataFrame(drawn, columns=[*_HEAD, *COLUMNS])


_HEAD: Final = (
    "id", "text", "language", "source", "license", "annotator_count", "label_quality", "method", "parent_id", "identity"
)  # fmt: skip


def _draw(rows: int, rng: random.Random, banks: Collection[str] | None) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    for _ in range(_MOST_PASSES):
        fresh = 0
        turns = [line for line in lines() if banks is None or line.bank_name in banks]
        rng.shuffle(turns)
        for line in turns:
            text, identity = fill(line, rng)
            if line.block.labels and rng.random() < _JOINED_SHARE:
                text = _joined(text, line, rng)
            text = vary(text, line.bank.language, rng)
            if text in seen:
                continue
            seen.add(text)
            fresh += 1
            yield _row(text, line, identity)
            if len(seen) == rows:
                return
        if not fresh:
            return


def fill(line: Line, rng: random.Random) -> tuple[str, str | None]:
    """Return the text of `line` with its slots filled, and the key of the protected group it speaks of."""
    text = line.text
    for _ in range(3):  # slot words may hold slots
        text = _SLOT.sub(lambda match: _word(match, line, rng), text)
    return fill_group(text, line.bank.language, rng)


def _word(match: re.Match[str], line: Line, rng: random.Random) -> str:
    words = line.bank.slots.get(match[1])
    if words is None:
        if match[1] in GROUP_SLOTS[line.bank.language]:
            return match[0]
        raise ValueError(f"{line.source} uses the slot {{{match[1]}}}, which its bank does not define")
    return rng.choice(words)


def _joined(text: str, line: Line, rng: random.Random) -> str:
    """Put a harmless sentence beside a harmful one: a message is as bad as its worst part."""
    other, _ = fill(rng.choice(plain_lines(line.bank.language)), rng)
    first, second = (other, text) if rng.random() < 0.5 else (text, other)
    return f"{first}{'' if first[-1] in '.!?' else '.'} {second}"


@cache
def plain_lines(language: Language) -> tuple[Line, ...]:
    """Harmless lines that say nothing about what stands beside them, as a quote or a denial would."""
    return tuple(
        line
        for line in lines()
        if line.bank.language == language and not line.block.labels and any(word in line.block.name for word in _PLAIN)
    )


def _row(text: str, line: Line, identity: str | None) -> dict[str, Any]:
    block = line.block
    labels = {
        column: True if name in block.labels else None if name in block.unknown else False
        for column, name in zip(COLUMNS, CATEGORIES, strict=True)
    }
    return {
        "id": hashlib.sha256(f"{line.source}\n{text}".encode()).hexdigest()[:20],
        "text": text,
        "language": line.bank.language,
        "source": line.source,
        "license": _LICENSE,
        "annotator_count": None,
        "label_quality": "weak",
        "method": "template",
        "parent_id": None,
        "identity": identity,
        **labels,
    }
