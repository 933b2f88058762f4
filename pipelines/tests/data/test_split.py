from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synapse_pipelines.data.split import split_of


@given(st.text(min_size=1))
def test_a_text_is_always_on_the_same_side_whatever_its_source(key: str) -> None:
    assert split_of(key, "a") == split_of(key, "b")


def test_shares_are_eighty_ten_ten() -> None:
    counts = Counter(split_of(f"text {n}", "s") for n in range(10_000))
    assert counts["train"] == pytest.approx(8_000, abs=200)
    assert counts["valid"] == pytest.approx(1_000, abs=150)


def test_generated_rows_of_one_sentence_stay_together() -> None:
    for line in range(10):
        assert len({split_of(f"text {n}", f"generated/hate-en-{line}") for n in range(50)}) == 1
    assert {split_of("x", f"generated/hate-en-{line}") for line in range(5)} == {"train", "valid", "test"}
