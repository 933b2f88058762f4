import random

import pytest
from synapse_pipelines.pii.pools import known_names, listed, pool, side_listed, side_of, side_pool
from synapse_pipelines.pii.values import Values


def test_names_of_training_and_test_are_apart_and_known() -> None:
    drawn = {}
    for side in ("train", "test"):
        values = Values(random.Random(3), side)
        drawn[side] = {values.draw("first", language) for language in ("en", "pt") for _ in range(300)}
        assert all(side_of(name) == side for name in drawn[side])
    assert not drawn["train"] & drawn["test"]
    assert {name.lower() for name in drawn["train"] if " " not in name} <= known_names()


def test_every_value_has_one_side() -> None:
    sides = [set(side_pool("pt_PT", "last_name", side)) for side in ("train", "valid", "test")]
    assert set.union(*sides) == set(pool("pt_PT", "last_name"))
    assert sum(map(len, sides)) == len(pool("pt_PT", "last_name"))
    assert len(sides[0]) > len(sides[2]) > len(sides[1]) > 0


@pytest.mark.parametrize("language", ["en", "pt"])
def test_lists_are_read_and_split(language: str) -> None:
    whole = listed("names", "short", language)
    assert len(whole) > 50
    assert 0 < len(side_listed("test", "names", "short", language)) < len(whole)
    assert len(set(listed("places", "places", language))) > 100
