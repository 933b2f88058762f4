import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from synapse_pipelines.training.batches import batch_indices, pad


@given(st.lists(st.integers(1, 60), max_size=200), st.integers(60, 400), st.booleans())
def test_every_row_is_in_one_batch_within_the_budget(lengths: list[int], budget: int, shuffled: bool) -> None:
    batches = batch_indices(lengths, budget, np.random.default_rng(0) if shuffled else None)
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    assert all(len(batch) * max(lengths[row] for row in batch) <= budget for batch in batches)


def test_a_row_longer_than_the_budget_is_a_batch_of_its_own() -> None:
    assert sorted(map(len, batch_indices([5, 500, 5], 100, None))) == [1, 2]


def test_shuffling_follows_the_seed() -> None:
    lengths = list(range(1, 200))
    runs = [batch_indices(lengths, 300, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_pad_fills_with_the_pad_id_and_masks_it() -> None:
    ids, mask = pad([[5, 6], [7]], pad_id=1)
    assert ids.tolist() == [[5, 6], [7, 1]]
    assert mask.tolist() == [[1, 1], [1, 0]]
