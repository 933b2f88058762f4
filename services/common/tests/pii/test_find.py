import sys
import time
import unicodedata
from collections import deque
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synapse_common.pii import clues, find_entities, mask_pii, patterns, plain

FOUND = [
    ("write to ana.silva+lista@example.co.uk, please", "write to <EMAIL_1>, please"),
    ("o meu e-mail é joão@exemplo.pt.", "o meu e-mail é <EMAIL_1>."),
    ("look at https://example.com/a?b=c#d now", "look at <URL_1> now"),
    ("(ver www.exemplo.pt/página).", "(ver <URL_1>)."),
    ("the server is 192.168.1.10.", "the server is <IP_1>."),
    ("o servidor é 2001:db8::8a2e:370:7334 ou ::1", "o servidor é <IP_1> ou <IP_2>"),
    ("my card is 4111 1111 1111 1111", "my card is <CARD_1>"),
    ("o cartão 5500-0000-0000-0004 caducou", "o cartão <CARD_1> caducou"),
    ("pay to GB82 WEST 1234 5698 7654 32 today", "pay to <IBAN_1> today"),
    ("o IBAN é PT50000201231234567890154", "o IBAN é <IBAN_1>"),
    ("call +44 20 7946 0958", "call <PHONE_1>"),
    ("call 020 7946 0958 or (202) 555-0143", "call <PHONE_1> or <PHONE_2>"),
    ("liga-me: 912 345 678", "liga-me: <PHONE_1>"),
    ("o número é +351 912345678, em casa 00351 212345678", "o número é <PHONE_1>, em casa <PHONE_2>"),
    ("me chama no (11) 98765-4321", "me chama no <PHONE_1>"),
    ("o NIF da empresa é 501 442 600", "o NIF da empresa é <NIF_1>"),
    ("meu CPF é 529.982.247-25", "meu CPF é <CPF_1>"),
    ("CNPJ 11.222.333/0001-81", "CNPJ <CNPJ_1>"),
    ("my CPF 52998224725 without dots", "my CPF <CPF_1> without dots"),
    ("I am 25 912 345 678", "I am 25 <PHONE_1>"),
    ("5 4111 1111 1111 1111", "5 <CARD_1>"),
    ("liga 912345678 10 vezes", "liga <PHONE_1> 10 vezes"),
    ("IBAN PT50 0002 0123 1234 5678 9015 4 OK", "IBAN <IBAN_1> OK"),
    ("3782 822463 10005 is an Amex", "<CARD_1> is an Amex"),
    ("351912345678 ou 55 11 9 8765 4321", "<PHONE_1> ou <PHONE_2>"),
    ("912345678 961234567", "<PHONE_1> <PHONE_2>"),
    ("liga +351\u00a0912\u00a0345\u00a0678 já", "liga <PHONE_1> já"),
    ("liga 912\u202f345\u2009678", "liga <PHONE_1>"),
    ("call 202\u2011555\u20110143", "call <PHONE_1>"),
    ("iban gb82 west 1234 5698 7654 32 today", "iban <IBAN_1> today"),
    ("o iban é pt50000201231234567890154", "o iban é <IBAN_1>"),
    ("CPF 529 982 247 25, ou 529\u00a0982\u00a0247\u00a025", "CPF <CPF_1>, ou <CPF_2>"),
    ("CNPJ 11 222 333 0001 81 ou 11 222 333/0001-81", "CNPJ <CNPJ_1> ou <CNPJ_2>"),
    ("mail user@münchen.de, почта@пример.рф", "mail <EMAIL_1>, <EMAIL_2>"),
    ("mail joa\u0303o@mu\u0308nchen.de now", "mail <EMAIL_1> now"),
    ("NISS 12345678902, o meu niss é 212 345 678 93", "NISS <NISS_1>, o meu niss é <NISS_2>"),
    ("o NIF é 212345672, o contribuinte 212 345 672", "o NIF é <NIF_1>, o contribuinte <NIF_2>"),
    ("nº de segurança social: 21234567893", "nº de segurança social: <NISS_1>"),
    ("o CC é 00000000 0 ZZ4 ou 000000000ZZ4", "o CC é <CC_1> ou <CC_2>"),
    ("my SSN is 460-89-9847", "my SSN is <SSN_1>"),
    ("born on 3 May 1990, dob: 1990-05-03", "born on <BIRTHDATE_1>, dob: <BIRTHDATE_2>"),
    ("my birthday is May 3rd, 1990", "my birthday is <BIRTHDATE_1>"),
    ("nasci a 3 de maio de 1990, nascimento: 03/05/1990", "nasci a <BIRTHDATE_1>, nascimento: <BIRTHDATE_2>"),
    ("Rua Augusta, 1500, 01305-100 São Paulo", "<ADDRESS_1>, <POSTCODE_1> São Paulo"),
    ("moro na rua das flores 12, 1250-096 Lisboa", "moro na <ADDRESS_1>, <POSTCODE_1> Lisboa"),
    ("Av. da Liberdade 110", "<ADDRESS_1>"),
    ("221B Baker Street, London NW1 6XE", "<ADDRESS_1>, London <POSTCODE_1>"),
    ("Denver, CO 80202-1234, zip code 80203", "Denver, CO <POSTCODE_1>, zip code <POSTCODE_2>"),
    ("CEP 01310100, o código postal é 4000-123", "CEP <POSTCODE_1>, o código postal é <POSTCODE_2>"),
]

NOT_FOUND = [
    "",
    "Hello, how are you?",
    "Olá, tudo bem? São 10:30 e faz 25,5 graus.",
    "it costs 1.234.567,89 euros, or 1,234,567.89",
    "the meeting is on 2024-05-01 10:20",
    "it is 2024-05-01 10 11, or 31-12-2024 10 11",
    "1 2 3 4 5 6 7 8 9 10 11 12, then 1999 2000 2001",
    "a reunião é a 31/12/2024 às 9h30",
    "version 1.2.3.4.5 of the app, 999.999.999.999",
    "order 4111 1111 1111 1112",  # its check digit is wrong
    "0000 0000 0000 0000",
    "o CPF 529.982.247-26 não existe",
    "são 529 982 247 26, ou 529\n982\n247\n25",
    "in 1999 we went away with four kids from here",
    "CNPJ 11.222.333/0001-82",
    "PT50000201231234567890155",
    "ISBN 9780306406157, timestamp 1700000000",
    "the @mention and user@localhost",
    "std::vector a::b x :: Int aa:bb:cc:dd:ee:ff 12:30:45",
    "room 101, floor 12, call 112 or 4004 1234",
    "o número 21234567893 é de uma encomenda",  # no word says that it is a NISS
    "cartão de cidadão 12345678 9 ZZ4",
    "we met on 12/05/1990, from 1999-2000",
    "born in 1990, dob 45/45/1990",
    "na rua tinha 3 pessoas, e a rua 25 está cheia",
    "I have 5 Big Dogs on Drive",
    "SSN 000-12-3456",
    "b4 2nd place, zip it up 80",
]


@pytest.mark.parametrize(("text", "masked"), FOUND)
def test_personal_data_is_masked_in_both_languages(text: str, masked: str) -> None:
    assert mask_pii(text).text == masked


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert mask_pii(text).text == text


def test_where_two_overlap_one_is_masked() -> None:
    assert mask_pii("https://example.com/?mail=a@b.com&ip=10.0.0.1").text == "<URL_1>"


@pytest.mark.parametrize(
    "space", [chr(code) for code in range(sys.maxunicode) if unicodedata.category(chr(code)) == "Zs"]
)
def test_a_space_of_any_width_is_a_space(space: str) -> None:
    assert mask_pii(space.join(["ou", "912", "345", "678", "ou"])).text == space.join(["ou", "<PHONE_1>", "ou"])


@given(st.text())
def test_the_plain_text_is_as_long_as_the_original(text: str) -> None:
    assert len(plain(text)) == len(text)


def steps_of(run: Callable[[], object]) -> int:
    """Calls of Python functions while `run` runs: time without a clock."""
    count = 0

    def on_event(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(on_event)
    try:
        run()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(
    "unit",
    ["1", "1 ", "12.", "912 345 678 ", "012 345 6789 ", "a@b.cc ", "a@", "ab:", ":", "AB12 ", "www.", "4111-", "+1"],
)
def test_work_grows_with_the_length_of_hostile_texts_and_no_faster(unit: str) -> None:
    small = unit * 100
    large = unit * 800
    assert steps_of(lambda: find_entities(large)) <= 8 * steps_of(lambda: find_entities(small)) * 1.5 + 100


@pytest.mark.parametrize(
    "unit", [*"1.:a@", "1 ", "1.", "a@", "ab:", "A1", "www.", "(1)", "ab12 ", "é@", "1-", "x.", "1:", "+1"]
)
def test_no_pattern_is_quadratic_inside_the_regex_engine(unit: str) -> None:
    """The engine's steps cannot be counted, so this takes time; a quadratic pattern would need tens of seconds."""
    text = unit * (60_000 // len(unit))
    began = time.process_time()
    for look in (*patterns.WITHOUT_DIGITS, *patterns.BEFORE_CLUES, *patterns.AFTER_CLUES):
        deque(look.pattern.finditer(text), maxlen=0)
    deque(clues.find_after_clues(text), maxlen=0)
    assert time.process_time() - began < 3
