import random

import pytest
from stdnum import iban, luhn
from stdnum.br import cnpj, cpf
from stdnum.pt import cc, nif
from synapse_common.pii import find_entities
from synapse_common.pii.checks import is_niss
from synapse_pipelines.pii.numbers import Numbers
from synapse_pipelines.pii.pools import Language

CHECKS = {
    "iban": iban.is_valid,
    "card": luhn.is_valid,
    "cpf": cpf.is_valid,
    "cnpj": cnpj.is_valid,
    "nif": nif.is_valid,
    "cc": cc.is_valid,
    "niss": is_niss,
}


@pytest.mark.parametrize(("slot", "is_valid"), CHECKS.items())
def test_check_digits_hold(slot: str, is_valid: object) -> None:
    numbers = Numbers(random.Random(1))
    assert callable(is_valid)
    assert all(is_valid(getattr(numbers, slot)("pt")) for _ in range(50))


@pytest.mark.parametrize(("slot", "share"), [("phone", 0.6), ("url", 1.0), ("ip", 1.0)])
def test_forms_are_those_that_patterns_know(slot: str, share: float) -> None:
    numbers = Numbers(random.Random(2))
    texts = [getattr(numbers, slot)(language) for language in ("en", "pt") for _ in range(40)]
    found = [find_entities(text) for text in texts]
    assert sum(bool(one) and one[0][0] == slot.upper() for one in found) >= share * len(texts)


@pytest.mark.parametrize(("language", "month"), [("en", "March"), ("pt", "março")])
def test_days_are_written_in_many_ways(language: Language, month: str) -> None:
    numbers = Numbers(random.Random(3))
    days = [numbers.birthdate(language) for _ in range(400)]
    assert any(month in day for day in days)
    assert {"/", "-", ".", " "} <= {char for day in days for char in day if not char.isalnum()}
