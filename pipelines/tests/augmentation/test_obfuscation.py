"""Spelling tricks, and that most of them can be undone."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synapse_common.text import model_input
from synapse_pipelines.augmentation.obfuscation import TRICKS, obfuscate, without_spaces


@pytest.mark.parametrize("trick", sorted(TRICKS))
@given(st.text(), st.integers())
def test_any_text_is_taken_and_words_are_changed(trick: str, text: str, seed: int) -> None:
    obfuscate(text, random.Random(seed), trick=trick)


@pytest.mark.parametrize("trick", sorted(TRICKS))
def test_a_trick_hides_a_word(trick: str) -> None:
    assert obfuscate("you absolute idiot", random.Random(1), share=1.0, trick=trick) != "you absolute idiot"


@pytest.mark.parametrize("trick", ["leetspeak", "look-alikes", "spaced", "zero width", "drawn out"])
def test_the_model_still_sees_the_word(trick: str) -> None:
    for seed in range(20):
        hidden = obfuscate("que idiota, muito idiota", random.Random(seed), share=1.0, trick=trick)
        assert "idiota" in model_input(hidden), hidden


def test_an_unknown_trick_is_an_error() -> None:
    with pytest.raises(KeyError):
        obfuscate("some words", random.Random(1), trick="rot13")


def test_words_run_together() -> None:
    assert without_spaces("a b", random.Random(1)) == "ab"
    assert without_spaces("word", random.Random(1)) == "word"
