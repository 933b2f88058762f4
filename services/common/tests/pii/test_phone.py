import pytest
from synapse_common.pii.phone import is_phone


@pytest.mark.parametrize("value", ["+44 20 7946 0958", "00351 212345678", "912345678", "(11) 98765-4321"])
def test_numbers_as_written_in_our_countries(value: str) -> None:
    assert is_phone(value)


@pytest.mark.parametrize("value", ["112", "40041234", "1 2 3 4 5 6 7 8 9", "999999999", "+999 123456789"])
def test_numbers_that_nobody_has(value: str) -> None:
    assert not is_phone(value)
