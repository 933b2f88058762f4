"""The rules reword, and leave alone what carries the label."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synapse_pipelines.augmentation.groups import Language
from synapse_pipelines.augmentation.paraphrase import RuleParaphraser, _clauses, _contractions, _rules, _synonyms
from synapse_pipelines.augmentation.templates import fill, lines
from synapse_pipelines.augmentation.wording import harmful_words, negations


@pytest.mark.parametrize("language", ["en", "pt"])
def test_no_rule_touches_a_word_that_carries_a_label(language: Language) -> None:
    rules = _rules(language)
    words = [*(word for group in rules.synonyms for word in group), *rules.contractions, *rules.contractions.values()]
    assert not [phrase for phrase in words if harmful_words(phrase, language) or negations(phrase, language)]


@pytest.mark.parametrize("language", ["en", "pt"])
def test_a_synonym_is_in_one_list_alone(language: Language) -> None:
    words = [word for group in _rules(language).synonyms for word in group]
    assert len(words) == len(set(words))


def test_phrase_bank_rows_keep_their_harmful_words_and_negations() -> None:
    rng = random.Random(1)
    paraphraser = RuleParaphraser(1)
    reworded = 0
    for line in random.Random(2).sample(lines(), 300):
        text, language = fill(line, rng)[0], line.bank.language
        (other,) = paraphraser.paraphrase([text], language)
        if other is None:
            continue
        reworded += 1
        assert harmful_words(other, language) == harmful_words(text, language), line.source
        assert negations(other, language) == negations(text, language), line.source
    assert reworded > 150


@settings(max_examples=50)
@given(st.text(), st.sampled_from(["en", "pt"]), st.integers())
def test_any_text_is_taken_and_the_answer_depends_on_it_and_the_seed_alone(
    text: str, language: Language, seed: int
) -> None:
    (first,) = RuleParaphraser(seed).paraphrase([text], language)
    _, second = RuleParaphraser(seed).paraphrase(["something else", text], language)
    assert first == second != text


def test_synonyms_keep_the_case() -> None:
    found = {_synonyms("Perhaps", "en", random.Random(seed)) for seed in range(20)}
    assert found == {"Perhaps", "Maybe"}
    assert "AUTOCARRO" in {_synonyms("ÔNIBUS", "pt", random.Random(seed)) for seed in range(20)}


def test_contractions_go_both_ways() -> None:
    assert "I'm here" in {_contractions("I am here", "en", random.Random(seed)) for seed in range(9)}
    assert "I am here" in {_contractions("I'm here", "en", random.Random(seed)) for seed in range(9)}


@pytest.mark.parametrize(
    ("text", "language", "turned"),
    [
        ("If it rains, we stay.", "en", "We stay if it rains."),
        ("We stay because it rains.", "en", "Because it rains, we stay."),
        ("I wonder if it rains.", "en", "I wonder if it rains."),
        ("Se chover, ficamos", "pt", "Ficamos se chover"),
        ("ele se machucou", "pt", "ele se machucou"),
        ("One. Two because three", "en", "One. Two because three"),
    ],
)
def test_clauses_are_turned_where_that_is_safe(text: str, language: Language, turned: str) -> None:
    assert _clauses(text, language, random.Random(1)) == turned
