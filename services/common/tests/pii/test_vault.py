import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from synapse_common.errors import InvalidInput, PermissionDenied
from synapse_common.pii import Masker
from synapse_common.pii.vault import new_key, seal, unmask

KEY = new_key()
PARTS = st.sampled_from(
    [
        "a@x.pt",
        "b@x.pt",
        "912345678",
        "<EMAIL_1>",
        "<EMAIL_2>",
        "<PHONE_1>",
        "<IBAN_",
        "é 4111 1111 1111 1111",
        " ",
        "olá",
        "\\1",
    ]
)
CONVERSATIONS = st.lists(st.lists(PARTS, max_size=8).map(" ".join), max_size=4)


@given(CONVERSATIONS)
def test_what_the_key_unmasks_is_the_original(texts: list[str]) -> None:
    masker = Masker(reserved=texts)
    masked = [masker.mask(text).text for text in texts]
    assert unmask(masked, seal(masker, KEY), KEY) == texts


@given(CONVERSATIONS)
def test_the_token_shows_nothing_of_the_values(texts: list[str]) -> None:
    masker = Masker(reserved=texts)
    for text in texts:
        masker.mask(text)
    token = seal(masker, KEY)
    assert not any(value in token for value in masker.values.values())
    assert token != seal(masker, KEY)


def test_another_key_opens_nothing() -> None:
    masker = Masker()
    masked = masker.mask("a@x.pt").text
    with pytest.raises(PermissionDenied, match="does not open"):
        unmask([masked], seal(masker, KEY), new_key())


def test_a_changed_token_opens_nothing() -> None:
    masker = Masker()
    token = seal(masker, KEY)
    changed = token[:40] + ("A" if token[40] != "A" else "B") + token[41:]
    with pytest.raises(PermissionDenied):
        unmask([], changed, KEY)


def test_what_is_no_key_is_said_to_be_none_and_not_shown() -> None:
    with pytest.raises(InvalidInput) as raised:
        seal(Masker(), SecretStr("hunter2"))
    assert "hunter2" not in str(raised.value)
