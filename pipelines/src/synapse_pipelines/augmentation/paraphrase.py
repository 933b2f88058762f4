"""Rewording behind one interface: by rules, which keep the label by what they leave alone, or by a chat model."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final, Protocol

import yaml
from pydantic import BaseModel, ConfigDict

from synapse_pipelines.augmentation.chat import LANGUAGE_NAMES, ChatClient, prompt
from synapse_pipelines.augmentation.groups import Language
from synapse_pipelines.augmentation.obfuscation import TRICKS
from synapse_pipelines.augmentation.style import vary
from synapse_pipelines.augmentation.wording import is_protected

_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_RULES_A_TEXT: Final = 3
_REPLACED_SHARE: Final = 0.6  # of the words that a rule could replace
_TYPO_SHARE: Final = 0.3
_TYPO_LENGTH: Final = 6  # letters a word has at least before one of them goes astray


class Paraphraser(Protocol):
    """Says the same in other words."""

    def paraphrase(self, texts: Sequence[str], language: Language) -> list[str | None]:
        """Return another wording of each text, in the same language; None where there is none to offer."""


class _Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    synonyms: list[list[str]]
    contractions: dict[str, str]
    both_ways: list[str]
    to_the_end: list[str]


@cache
def _rules(language: Language) -> _Rules:
    raw: dict[str, Any] = yaml.safe_load(files(__package__).joinpath("paraphrase.yaml").read_text("utf-8"))
    return _Rules.model_validate(raw[language])


class RuleParaphraser:
    """Synonyms, contractions, clause order, typing habits, the other side's Portuguese, and the odd typo.

    Words that carry the label (harmful words, protected groups, negations) are never replaced or misspelt. What a text
    becomes depends on the text and the seed alone.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def paraphrase(self, texts: Sequence[str], language: Language) -> list[str | None]:
        """Return each text after up to three rules that change it; None where none does."""
        return [self._one(text, language) for text in texts]

    def _one(self, text: str, language: Language) -> str | None:
        rng = random.Random(f"{self._seed} {text}")  # noqa: S311 - repeatable data, no secrets
        changed, used = text, 0
        for rule in rng.sample(_STEPS, len(_STEPS)):
            now = rule(changed, language, rng)
            used += now != changed
            changed = now
            if used == _RULES_A_TEXT:
                break
        return changed if changed != text else None


class ChatParaphraser:
    """Rewording by a chat model."""

    def __init__(self, client: ChatClient, seed: int) -> None:
        self._client = client
        self._seed = seed

    def paraphrase(self, texts: Sequence[str], language: Language) -> list[str | None]:
        """Return the model's wording of each text; None where its answer is not as asked for."""
        name = LANGUAGE_NAMES[language]
        prompts = [prompt("paraphrase", language=name, text=json.dumps(text, ensure_ascii=False)) for text in texts]
        return [answer[0] if answer else None for answer in self._client.ask(prompts, self._seed)]


def _synonyms(text: str, language: Language, rng: random.Random) -> str:
    pattern, groups = _synonym_pattern(language)

    def other(match: re.Match[str]) -> str:
        if rng.random() > _REPLACED_SHARE:
            return match[0]
        word = match[0].casefold()
        return _in_case(rng.choice([name for name in groups[word] if name != word]), match[0])

    return pattern.sub(other, text)


@cache
def _synonym_pattern(language: Language) -> tuple[re.Pattern[str], dict[str, list[str]]]:
    groups = {word: group for group in _rules(language).synonyms for word in group}
    return _any_of(groups), groups


def _contractions(text: str, language: Language, rng: random.Random) -> str:
    pairs = _rules(language).contractions
    table = pairs if rng.random() < 0.5 else {short: long for long, short in pairs.items()}
    return _any_of(table).sub(lambda match: _in_case(table[match[0].casefold()], match[0]), text)


def _clauses(text: str, language: Language, _: random.Random) -> str:
    """Turn "because A, B" into "B because A", and back; a text of more than one sentence stays."""
    rules = _rules(language)
    turnable = "|".join(rules.both_ways)
    movable = "|".join((*rules.both_ways, *rules.to_the_end))
    body = text.rstrip(".!?")
    end = text[len(body) :]
    if text.isupper() or re.search(r"[.!?;:,]\s.*[,.!?;:]\s|[.!?;:]\s", body):
        return text
    if match := re.fullmatch(rf"({movable})\s([^,]+),\s([^,]+)", body, re.IGNORECASE):
        return f"{_capital_as(match[3], text)} {match[1].lower()} {match[2]}{end}"
    if match := re.fullmatch(rf"([^,]+?),?\s({turnable})\s([^,]+)", body, re.IGNORECASE):
        first = match[1] if match[1].startswith(("I ", "I'")) else match[1][:1].lower() + match[1][1:]
        return f"{_capital_as(match[2], text)} {match[3]}, {first}{end}"
    return text


def _habits(text: str, language: Language, rng: random.Random) -> str:
    return vary(text, language, rng)


def _typo(text: str, language: Language, rng: random.Random) -> str:
    """Now and then, swap or drop a letter in one word that does not carry the label."""
    if rng.random() > _TYPO_SHARE:
        return text
    words = [
        match
        for match in _WORD.finditer(text)
        if match[0].isalpha() and len(match[0]) >= _TYPO_LENGTH and not is_protected(match[0], language)
    ]
    if not words:
        return text
    match = rng.choice(words)
    hide = TRICKS[rng.choice(("swapped letters", "dropped letter"))]
    return text[: match.start()] + hide(match[0], rng) + text[match.end() :]


_STEPS: Final[list[Callable[[str, Language, random.Random], str]]] = [
    _synonyms,
    _contractions,
    _clauses,
    _habits,
    _typo,
]


def _any_of(words: dict[str, Any]) -> re.Pattern[str]:
    longest_first = sorted(map(re.escape, words), key=len, reverse=True)
    return re.compile(rf"(?<![\w'\u2019])(?:{'|'.join(longest_first)})(?![\w'\u2019])", re.IGNORECASE)


def _in_case(word: str, like: str) -> str:
    if like.isupper() and len(like) > 1:
        return word.upper()
    return _capital_as(word, like)


def _capital_as(word: str, like: str) -> str:
    return word[:1].upper() + word[1:] if like[:1].isupper() else word
