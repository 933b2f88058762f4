from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from synapse_common.windows import overlap, strongest


def test_a_text_counts_as_its_strongest_window_in_each_category() -> None:
    logits = np.array([[1, 5], [3, 2], [-4, -1]], dtype=np.float32)
    assert strongest(logits, np.array([0, 0, 1]), 2).tolist() == [[3, 5], [-4, -1]]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6))
def test_the_order_of_windows_does_not_matter(windows_of_text: list[int]) -> None:
    owners = np.repeat(np.arange(len(windows_of_text)), windows_of_text)
    logits = np.random.default_rng(0).normal(size=(len(owners), 3)).astype(np.float32)
    order = np.random.default_rng(1).permutation(len(owners))
    expected = strongest(logits, owners, len(windows_of_text))
    assert np.array_equal(strongest(logits[order], owners[order], len(windows_of_text)), expected)
    assert np.isfinite(expected).all()


@given(st.integers(2, 512))
def test_windows_move_forward(max_tokens: int) -> None:
    assert 0 <= overlap(max_tokens) < max_tokens - 1
