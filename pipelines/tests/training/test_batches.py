import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.training.batches import batch_indices, pad, plan_steps


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


@pytest.mark.parametrize(("wanted", "passes"), [(0, 2), (200, 2), (201, 3), (450, 5)])
def test_the_plan_passes_over_all_rows_until_enough_were_seen(wanted: int, passes: int) -> None:
    recipe = Recipe(epochs=2, min_rows_seen=wanted, tokens_per_batch=100)
    rows = [row for step in plan_steps([5] * 100, recipe) for batch in step for row in batch]
    assert sorted(rows) == sorted(list(range(100)) * passes)


def test_a_step_of_the_plan_has_as_many_batches_as_are_accumulated() -> None:
    lengths = list(range(1, 100))
    single = plan_steps(lengths, Recipe(tokens_per_batch=300))
    grouped = plan_steps(lengths, Recipe(tokens_per_batch=300, accumulation=4))
    assert [batch for step in grouped for batch in step] == [step[0] for step in single]
    assert {len(step) for step in grouped[:-1]} == {4}


def test_the_plan_ends_after_the_steps_asked_for() -> None:
    whole = plan_steps([5] * 100, Recipe(tokens_per_batch=50))
    assert plan_steps([5] * 100, Recipe(tokens_per_batch=50, max_steps=3)) == whole[:3]
    assert len(whole) == 10
