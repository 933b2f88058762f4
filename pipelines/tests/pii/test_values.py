import random

import pytest
from synapse_common.pii import find_entities
from synapse_pipelines.pii.pools import Language, listed
from synapse_pipelines.pii.values import TYPE_OF_SLOT, WORDS, Values


@pytest.mark.parametrize("slot", TYPE_OF_SLOT)
@pytest.mark.parametrize("language", ["en", "pt"])
def test_every_slot_has_values_and_equal_seeds_draw_equal_ones(slot: str, language: Language) -> None:
    drawn = [[Values(random.Random(seed), "test").draw(slot, language) for seed in range(30)] for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert all(value.strip() == value and value for value in drawn[0])
    assert len(set(drawn[0])) > 5


@pytest.mark.parametrize("slot", WORDS)
def test_words_that_are_no_names_come_from_a_list(slot: str) -> None:
    values = Values(random.Random(1), "train")
    assert slot not in TYPE_OF_SLOT
    assert {values.draw(slot, "pt") for _ in range(50)} <= set(listed("words", slot, "pt"))


def test_organisations_are_more_than_their_list() -> None:
    values = Values(random.Random(4), "train")
    for language in ("en", "pt"):
        drawn = {values.draw("org", language) for _ in range(300)}
        assert len(drawn) > 200
        assert len(drawn - set(listed("places", "orgs", language))) > 100


def test_some_addresses_name_the_town() -> None:
    values = Values(random.Random(5), "train")
    drawn = [values.draw("address", language) for language in ("en", "pt") for _ in range(100)]
    assert all(any(char.isalnum() for char in one) for one in drawn)
    assert 20 < sum("," in one for one in drawn) < 180


def test_addresses_on_the_net_are_those_that_patterns_know() -> None:
    values = Values(random.Random(2), "train")
    assert all(find_entities(values.draw("email", "pt"))[0][0] == "EMAIL" for _ in range(30))
