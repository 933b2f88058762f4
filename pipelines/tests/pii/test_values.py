import random

import pytest
from stdnum import iban, luhn
from stdnum.br import cnpj, cpf
from stdnum.pt import cc, nif
from synapse_common.pii import find_entities
from synapse_common.pii.checks import is_niss
from synapse_pipelines.pii.values import TYPE_OF_SLOT, Language, Values, known_names, side_of

CHECKS = {
    "iban": iban.is_valid,
    "card": luhn.is_valid,
    "cpf": cpf.is_valid,
    "cnpj": cnpj.is_valid,
    "nif": nif.is_valid,
    "cc": cc.is_valid,
    "niss": is_niss,
}


@pytest.mark.parametrize("slot", TYPE_OF_SLOT)
@pytest.mark.parametrize("language", ["en", "pt"])
def test_every_slot_has_values_and_equal_seeds_draw_equal_ones(slot: str, language: Language) -> None:
    drawn = [[Values(random.Random(seed), "test").draw(slot, language) for seed in range(30)] for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert all(value.strip() == value and value for value in drawn[0])
    assert len(set(drawn[0])) > 5


@pytest.mark.parametrize(("slot", "is_valid"), CHECKS.items())
def test_check_digits_hold(slot: str, is_valid: object) -> None:
    values = Values(random.Random(1), "train")
    assert callable(is_valid)
    assert all(is_valid(values.draw(slot, "pt")) for _ in range(50))


@pytest.mark.parametrize("slot", ["phone", "email", "url", "ip"])
def test_forms_are_those_that_patterns_know(slot: str) -> None:
    values = Values(random.Random(2), "train")
    texts = [values.draw(slot, language) for language in ("en", "pt") for _ in range(30)]
    found = [find_entities(text) for text in texts]
    assert sum(bool(one) and one[0][0] == TYPE_OF_SLOT[slot] for one in found) >= 0.9 * len(texts)


def test_names_of_training_and_test_are_apart_and_known() -> None:
    drawn = {}
    for side in ("train", "test"):
        values = Values(random.Random(3), side)
        drawn[side] = {values.draw("first", language) for language in ("en", "pt") for _ in range(300)}
        assert all(side_of(name) == side for name in drawn[side])
    assert not drawn["train"] & drawn["test"]
    assert {name.lower() for name in drawn["train"] if " " not in name} <= known_names()
