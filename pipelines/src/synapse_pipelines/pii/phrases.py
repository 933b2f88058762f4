"""Templates of ``phrases/`` and how they become sentences: values in slots, styles of writing, several in a row."""

from __future__ import annotations

import random
import re
import string
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import yaml

from synapse_pipelines.pii.pools import Language, Side, side_of
from synapse_pipelines.pii.values import TYPE_OF_SLOT, Values

Span = tuple[int, int, str]
"""Start, end (exclusive), type."""

_SLOT: Final = re.compile(r"\{(\w+)\}")
_CHOICE: Final = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_WITHIN_ADDRESS: Final = re.compile(r"[\s,;/-]{1,3}")
_BETWEEN: Final = (" ", ". ", ", ", "\n", " - ", "! ")


@dataclass(frozen=True)
class Sentence:
    """A text, where its personal data stands, and the template it was made from."""

    text: str
    language: Language
    spans: tuple[Span, ...]
    template: str


@cache
def phrases(language: Language, side: Side) -> tuple[str, ...]:
    """Return the templates of `side`."""
    folder = files("synapse_pipelines.pii").joinpath("phrases")
    contents = [
        yaml.safe_load(folder.joinpath(name).read_text("utf-8"))
        for name in (f"{language}.yaml", f"none_{language}.yaml")
    ]
    found = [phrase for content in contents for group in content.values() for phrase in group]
    return tuple(phrase for phrase in found if side_of(phrase) == side)


def filled(template: str, language: Language, values: Values, rng: random.Random) -> Sentence:
    """Return `template` with one of each choice taken and values in its slots.

    Place and postcode right after a street belong to the address.
    """
    taken = _CHOICE.sub(lambda choice: rng.choice(choice[1].split("|")), template)
    text, position = "", 0
    spans: list[Span] = []
    for slot in _SLOT.finditer(taken):
        text += taken[position : slot.start()]
        start, value = len(text), values.draw(slot[1], language)
        text, position = text + value, slot.end()
        if kind := TYPE_OF_SLOT.get(slot[1]):
            if (
                spans
                and spans[-1][2] == "ADDRESS"
                and kind in ("LOCATION", "POSTCODE")
                and _WITHIN_ADDRESS.fullmatch(text[spans[-1][1] : start])
            ):
                start, _, kind = spans.pop()
            spans.append((start, len(text), kind))
    return Sentence(text + taken[position:], language, tuple(spans), template)


def joined(sentences: Sequence[Sentence], rng: random.Random) -> Sentence:
    """Return one text of several sentences of one language."""
    text = ""
    spans: list[Span] = []
    for sentence in sentences:
        if text:
            text += " " if text[-1] in ".!?" else rng.choice(_BETWEEN)
        spans += [(start + len(text), end + len(text), kind) for start, end, kind in sentence.spans]
        text += sentence.text
    return Sentence(text, sentences[0].language, tuple(spans), " ".join(one.template for one in sentences))


def styled(sentence: Sentence, rng: random.Random) -> Sentence:
    """Return `sentence` as people write: some in lower case, without accents or final punctuation, some in capitals."""
    text, chance = sentence.text, rng.random()
    if chance < 0.3 and len(text.lower()) == len(text):
        text = text.lower()
    elif chance < 0.34 and len(text.upper()) == len(text):
        text = text.upper()
    elif chance < 0.38 and len(text.title()) == len(text):
        text = text.title()
    if rng.random() < 0.15:
        text = "".join(unicodedata.normalize("NFD", char)[0] for char in text)
    end = max((span[1] for span in sentence.spans), default=0)
    if rng.random() < 0.3 and len(text) > end and text[-1] in string.punctuation:
        text = text[:-1]
    return Sentence(text, sentence.language, sentence.spans, sentence.template)
