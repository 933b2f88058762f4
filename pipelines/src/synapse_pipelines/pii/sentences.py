"""Sentences with their personal data marked: generated ones, labelled ones, and plain texts taken as having none."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
import string
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pandas as pd
import yaml

from synapse_pipelines.errors import DataError
from synapse_pipelines.pii.values import TYPE_OF_SLOT, Language, Side, Values, known_names

Span = tuple[int, int, str]
"""Start, end (exclusive), type."""

SPANS_FILE: Final = "pii_spans.jsonl.gz"
TYPE_OF_LABEL: Final = {
    "PERSON": "PERSON",
    "GPE": "LOCATION",
    "ORGANIZATION": "ORG",
    "STREET_ADDRESS": "ADDRESS",
    "CREDIT_CARD": "CARD",
    "PHONE_NUMBER": "PHONE",
    "EMAIL_ADDRESS": "EMAIL",
    "ZIP_CODE": "POSTCODE",
    "DOMAIN_NAME": "URL",
    "US_SSN": "SSN",
    "IBAN_CODE": "IBAN",
    "IP_ADDRESS": "IP",
}
"""Our types for those of the labelled file; ages, titles, nationalities and mere dates are not masked."""

_SLOT: Final = re.compile(r"\{(\w+)\}")
_WORD: Final = re.compile(r"\w+")
_TITLE_SHARE: Final = 0.1
_TEST_SHARE: Final = 5  # one template in five is for test


@dataclass(frozen=True)
class Sentence:
    """A text, where its personal data stands, and the template it was made from."""

    text: str
    language: Language
    spans: tuple[Span, ...]
    template: str


def template_side(template: str) -> Side:
    """Return the side of all sentences of `template`, by its hash."""
    return "test" if hashlib.sha256(template.encode()).digest()[0] % _TEST_SHARE == 0 else "train"


def generate(count: int, side: Side, seed: int) -> list[Sentence]:
    """Return `count` sentences of the templates and values of `side`, half of them in each language.

    Some are written as people chat: in lower case, without accents or final punctuation.
    """
    rng = random.Random(f"{seed} {side}")  # noqa: S311 - sentences, not secrets
    values = Values(rng, side)
    phrases: dict[Language, list[str]] = {"en": _phrases("en", side), "pt": _phrases("pt", side)}
    made = []
    for number in range(count):
        language: Language = "en" if number % 2 else "pt"
        template = rng.choice(phrases[language])
        made.append(_styled(_filled(template, language, values), rng))
    return made


def labelled(data_dir: Path, *, in_heldout: bool) -> list[Sentence]:
    """Return the labelled sentences of `data_dir` whose templates are in the held-out set, or those that are not.

    Empty where the folder has no such file.

    Raises:
        DataError: the file is damaged.
    """
    file = data_dir / SPANS_FILE
    if not file.is_file():
        return []
    try:
        with gzip.open(file, "rt", encoding="utf-8") as stream:
            rows = [json.loads(line) for line in stream]
        return [_from_row(row) for row in rows if row["template_in_heldout"] is in_heldout]
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{file} cannot be read: {error}") from error


def nameless(texts: Sequence[str], language: Language, count: int, seed: int) -> list[Sentence]:
    """Return up to `count` texts in which no word is a known name, taken as having no name at all.

    They teach that a word never seen before is more often a word than a name; some are put in capitals, since a capital
    alone makes no name either. Nicks, which no list knows, stay unmasked.
    """
    names = known_names()
    rng = random.Random(seed)  # noqa: S311 - sentences, not secrets
    chosen: list[Sentence] = []
    for text in rng.sample(list(texts), len(texts)):
        words = _WORD.findall(text)
        named = any(word.lower() in names for word in words) or any(word[0].isupper() for word in words[1:])
        if len(words) > 2 and not named:
            shown = text.title() if rng.random() < _TITLE_SHARE and len(text.title()) == len(text) else text
            chosen.append(Sentence(shown, language, (), text))
        if len(chosen) == count:
            break
    return chosen


def chat_texts(data_dir: Path, side: Side) -> list[str]:
    """Return the chat messages of `side` in ``chat_logs.parquet`` of `data_dir`; none where there is no such file."""
    return _texts(data_dir / "chat_logs.parquet", side, {})


def annotated_texts(data_dir: Path, side: Side, language: Language) -> list[str]:
    """Return the texts of `side` and `language` in ``annotations.parquet`` of `data_dir`; none where there is none."""
    return _texts(data_dir / "annotations.parquet", side, {"language": language})


def _texts(file: Path, side: Side, equal: dict[str, str]) -> list[str]:
    if not file.is_file():
        return []
    rows = pd.read_parquet(file, columns=["text", *equal])
    for column, value in equal.items():
        rows = rows[rows[column] == value]
    return [text for text in rows["text"].drop_duplicates() if template_side(text) == side]


@cache
def _phrases(language: Language, side: Side) -> list[str]:
    content = yaml.safe_load(files("synapse_pipelines.pii").joinpath("phrases.yaml").read_text(encoding="utf-8"))
    return [phrase for phrase in (*content[language], *content[f"none_{language}"]) if template_side(phrase) == side]


def _filled(template: str, language: Language, values: Values) -> Sentence:
    text, spans, position = "", [], 0
    for slot in _SLOT.finditer(template):
        text += template[position : slot.start()]
        value = values.draw(slot[1], language)
        if slot[1] in TYPE_OF_SLOT:
            spans.append((len(text), len(text) + len(value), TYPE_OF_SLOT[slot[1]]))
        text += value
        position = slot.end()
    return Sentence(text + template[position:], language, tuple(spans), template)


def _styled(sentence: Sentence, rng: random.Random) -> Sentence:
    text, chance = sentence.text, rng.random()
    if chance < 0.3 and len(text.lower()) == len(text):
        text = text.lower()
    elif chance < 0.35 and len(text.upper()) == len(text):
        text = text.upper()
    if rng.random() < 0.15:
        text = "".join(_without_accent(char) for char in text)
    end = max((span[1] for span in sentence.spans), default=0)
    if rng.random() < 0.3 and len(text) > end and text[-1] in string.punctuation:
        text = text[:-1]
    return Sentence(text, sentence.language, sentence.spans, sentence.template)


def _without_accent(char: str) -> str:
    return unicodedata.normalize("NFD", char)[0]


def _from_row(row: dict[str, Any]) -> Sentence:
    text = str(row["text"])
    marked = row["spans"]
    template = text
    for span in sorted(marked, key=lambda span: -int(span["start"])):
        template = f"{template[: span['start']]}<{span['type']}>{template[span['end'] :]}"
    spans = (
        (int(span["start"]), int(span["end"]), TYPE_OF_LABEL[span["type"]])
        for span in marked
        if span["type"] in TYPE_OF_LABEL
    )
    return Sentence(text, "en", tuple(_without_overlaps(sorted(spans))), template)


def _without_overlaps(spans: Sequence[Span]) -> Iterator[Span]:
    end = 0
    for span in sorted(spans, key=lambda span: (span[0], -span[1])):
        if span[0] >= end:
            yield span
            end = span[1]
