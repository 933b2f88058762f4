"""Words that carry a text's label: harmful words, protected groups and negations. A copy of a text must keep them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache
from typing import Final

from synapse_pipelines.augmentation.groups import Language, groups
from synapse_pipelines.evaluation.baselines.lexicon import lexicon_terms

_NEGATIONS: Final = {
    "en": r"\b(?:not|no|never|nobody|nothing|none|nor|neither|nowhere|cannot|without|dont|cant|wont)\b|n['\u2019]t\b",
    "pt": r"\b(?:nao|n|nunca|jamais|nem|ninguem|nada|nenhum|nenhuma|nenhuns|nenhumas|sem|tampouco)\b",
}
_WORD: Final = re.compile(r"[^\W\d_]+")


def negations(text: str, language: Language) -> int:
    """Return how many negations `text` has."""
    return len(re.findall(_NEGATIONS[language], _plain(text)))


def harmful_words(text: str, language: Language) -> Counter[str]:
    """Return the insults, slurs and obscene words in `text` with their numbers, in lower case without accents."""
    return Counter(_harmful_pattern(language).findall(_plain(text)))


def is_protected(word: str, language: Language) -> bool:
    """Tell whether `word` is, or is part of, a harmful word, the name of a protected group, or a negation."""
    return _plain(word) in _protected(language) or negations(word, language) > 0


@cache
def _harmful_terms(language: Language) -> frozenset[str]:
    slurs = {form for group in groups(language).values() for slur in group.slurs for form in slur.split("|")}
    # The list of both languages: people swear in English in Portuguese texts.
    return frozenset(_plain(term) for term in {*slurs, *lexicon_terms(None)} if term)


@cache
def _harmful_pattern(language: Language) -> re.Pattern[str]:
    longest_first = sorted(map(re.escape, _harmful_terms(language)), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)")


@cache
def _protected(language: Language) -> frozenset[str]:
    names = {form for group in groups(language).values() for form in (*group.names, group.member)}
    return frozenset(_WORD.findall(" ".join((*_harmful_terms(language), *map(_plain, names)))))


def _plain(text: str) -> str:
    """Lower case without accents: both ways of typing Portuguese are one."""
    parts = unicodedata.normalize("NFD", text.casefold())
    return "".join(char for char in parts if not unicodedata.combining(char))
