"""Sentences with their personal data marked: generated ones, labelled ones, and plain texts taken as having none."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from synapse_pipelines.errors import DataError
from synapse_pipelines.pii.phrases import Sentence, Span, filled, joined, phrases, styled
from synapse_pipelines.pii.pools import Language, Side, known_names, side_of
from synapse_pipelines.pii.values import Values

SPANS_FILE: Final = "pii_spans.jsonl.gz"
SOURCE_FILES: Final = (SPANS_FILE, "annotations.parquet", "chat_logs.parquet")
"""All that the tagger learns from and is measured on, beside what is generated; any of them may be missing."""
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

_WORD: Final = re.compile(r"\w+")
_TITLE_SHARE: Final = 0.1
_SLOT_OF_TYPE: Final = {"LOCATION": "place", "ORG": "org", "ADDRESS": "address", "PHONE": "phone", "POSTCODE": "zip"}
_ROW_SHARE: Final = 0.25  # of generated texts have several sentences


def generate(count: int, side: Side, seed: int) -> list[Sentence]:
    """Return `count` sentences of the templates and values of `side`, half of them in each language."""
    rng = random.Random(f"{seed} {side}")  # noqa: S311 - sentences, not secrets
    values = Values(rng, side)
    made = []
    for number in range(count):
        language: Language = "en" if number % 2 else "pt"
        made.append(styled(filled(rng.choice(phrases(language, side)), language, values, rng), rng))
    return made


def in_rows(sentences: Sequence[Sentence], seed: int) -> list[Sentence]:
    """Return `sentences`, some of them two or three in a row as one text of their language."""
    rng = random.Random(seed)  # noqa: S311 - sentences, not secrets
    made: list[Sentence] = []
    waiting: dict[Language, list[Sentence]] = {"en": [], "pt": []}
    for sentence in sentences:
        row = waiting[sentence.language]
        row.append(sentence)
        if len(row) == 3 or rng.random() > _ROW_SHARE:
            made.append(joined(row, rng))
            row.clear()
    return made + [joined(row, rng) for row in waiting.values() if row]


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


def refilled(sentences: Sequence[Sentence], side: Side, seed: int) -> list[Sentence]:
    """Return labelled `sentences` with other names, places, organisations, addresses and numbers of `side`."""
    rng = random.Random(f"{seed} {side}")  # noqa: S311 - sentences, not secrets
    values = Values(rng, side)
    made = []
    for sentence in sentences:
        text, position = "", 0
        spans: list[Span] = []
        for start, end, kind in sentence.spans:
            text += sentence.text[position:start]
            value = old = sentence.text[start:end]
            if kind == "PERSON":
                value = values.draw("person" if " " in old else rng.choice(("first", "last")), sentence.language)
            elif kind in _SLOT_OF_TYPE:
                value = values.draw(_SLOT_OF_TYPE[kind], sentence.language)
            spans.append((len(text), len(text) + len(value), kind))
            text, position = text + value, end
        filled_in = Sentence(text + sentence.text[position:], sentence.language, tuple(spans), sentence.template)
        made.append(styled(filled_in, rng))
    return made


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
    return [text for text in rows["text"].drop_duplicates() if side_of(text) == side]


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
