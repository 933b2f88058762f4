from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synapse_pipelines.data.split import hash_share, split_of


@given(st.text(min_size=1))
def test_a_row_is_always_on_the_same_side_whatever_its_source(stable_id: str) -> None:
    assert split_of(stable_id, "a") == split_of(stable_id, "b")


@pytest.mark.parametrize(
    ("stable_id", "split"), [("row 0", "train"), ("row 11", "valid"), ("row 6", "test"), ("é", "train")]
)
def test_sides_are_the_same_in_every_release(stable_id: str, split: str) -> None:
    assert split_of(stable_id, "s") == split


def test_shares_are_eighty_ten_ten() -> None:
    counts = Counter(split_of(f"text {n}", "s") for n in range(10_000))
    assert counts["train"] == pytest.approx(8_000, abs=200)
    assert counts["valid"] == pytest.approx(1_000, abs=150)


def test_generated_rows_of_one_sentence_stay_together() -> None:
    sources = [f"generated/en_hate/block-{line:08x}" for line in range(60)]
    for source in sources:
        assert len({split_of(f"text {n}", source) for n in range(20)}) == 1
    assert {split_of("x", source) for source in sources} == {"train", "valid", "test"}


@given(st.text())
def test_hash_shares_lie_between_zero_and_one_and_follow_the_salt(text: str) -> None:
    assert 0 <= hash_share(text) < 1
    assert hash_share(text, "a ") != hash_share(text, "b ")
