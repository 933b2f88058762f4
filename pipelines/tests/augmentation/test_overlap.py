"""Nothing that measures a model may be trained on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from synapse_pipelines.augmentation.overlap import OverlapGuard

HELD_OUT = "the quick brown fox jumps over the lazy dog near the old river bank"


def test_equal_words_overlap_whatever_their_case_and_punctuation() -> None:
    guard = OverlapGuard(["Short one."])
    assert guard.overlaps("short, ONE!")
    assert not guard.overlaps("short two")


def test_a_text_that_shares_most_sequences_of_six_words_overlaps() -> None:
    guard = OverlapGuard([HELD_OUT])
    assert guard.overlaps(HELD_OUT + " today")  # 9 of 10
    assert not guard.overlaps(HELD_OUT + " today we went home early for once")  # 9 of 16
    assert not guard.overlaps("the quick brown fox jumps")


def test_sequences_of_several_held_out_texts_do_not_add_up() -> None:
    words = HELD_OUT.split()
    halves = [" ".join(words[:8]), " ".join(words[5:])]
    assert not OverlapGuard(halves).overlaps(" ".join(words[:14]) + " x y z")


@given(st.lists(st.text(min_size=1), max_size=4), st.text())
def test_every_held_out_text_overlaps_itself(held_out: list[str], other: str) -> None:
    guard = OverlapGuard(held_out)
    assert all(guard.overlaps(text) for text in held_out)
    guard.overlaps(other)
