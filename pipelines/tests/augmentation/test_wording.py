"""Words that carry a label are found however they are typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synapse_pipelines.augmentation.groups import Language
from synapse_pipelines.augmentation.wording import harmful_words, is_protected, negations


@pytest.mark.parametrize(
    ("text", "language", "count"),
    [
        ("I do not know", "en", 1),
        ("I don't, and I won\u2019t, ever", "en", 2),
        ("nobody said nothing", "en", 2),
        ("a knot in the notebook", "en", 0),
        ("Não quero nada", "pt", 2),
        ("nao sei", "pt", 1),
        ("n sei", "pt", 1),
        ("anão e sempre", "pt", 0),
    ],
)
def test_negations_are_counted(text: str, language: Language, count: int) -> None:
    assert negations(text, language) == count


def test_harmful_words_are_found_without_accents_and_in_the_other_language() -> None:
    assert sum(harmful_words("What a BASTARD", "en").values()) == 1
    assert sum(harmful_words("what a nice day", "en").values()) == 0
    assert sum(harmful_words("que bitch", "pt").values()) == 1


def test_names_of_groups_are_protected() -> None:
    assert is_protected("Muslims", "en")
    assert is_protected("indígenas", "pt")
    assert is_protected("nunca", "pt")
    assert not is_protected("television", "en")


@given(st.text(), st.sampled_from(["en", "pt"]))
def test_any_text_is_taken(text: str, language: Language) -> None:
    assert negations(text, language) >= 0
    harmful_words(text, language)
    is_protected(text, language)
