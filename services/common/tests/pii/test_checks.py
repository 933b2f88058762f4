import pytest
from hypothesis import given
from hypothesis import strategies as st
from synapse_common.pii.checks import is_card, is_date, is_ip, is_niss


@given(st.integers(1_000_000_000, 2_999_999_999))
def test_one_last_digit_makes_a_niss_valid(first_ten: int) -> None:
    assert sum(is_niss(f"{first_ten}{last}") for last in range(10)) == 1


@pytest.mark.parametrize("value", ["31234567890", "1234567890", "123456789020"])
def test_a_niss_has_eleven_digits_and_begins_with_one_or_two(value: str) -> None:
    assert not is_niss(value)


@pytest.mark.parametrize(
    "value", ["3/5/1990", "31-12-90", "12/31/1990", "1990-05-03", "3 de maio de 1990", "May 3, 1990"]
)
def test_dates_of_the_calendar(value: str) -> None:
    assert is_date(value)


@pytest.mark.parametrize("value", ["32/12/1990", "13/13/1990", "0/5/1990", "1990-13-32", "May 45, 1990"])
def test_dates_of_no_calendar(value: str) -> None:
    assert not is_date(value)


def test_an_address_needs_a_digit_and_a_card_an_issuer() -> None:
    assert is_ip("::1")
    assert not is_ip("::")
    assert is_card("4111-1111-1111-1111")
    assert not is_card("0000 0000 0000 0000")
