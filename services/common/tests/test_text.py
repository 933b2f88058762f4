import pytest
from hypothesis import given
from hypothesis import strategies as st
from synapse_common.text import FORMS_SEPARATOR, model_input, normalise


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("  hello \t\n world ", "hello world"),
        ("@user olá, tudo bem?", "user olá, tudo bem?"),
        ("you are a b@stard", "you are a bastard"),
        ("i\u200bd\u200bi\u200bo\u200bt", "idiot"),
        ("\uff49\uff44\uff49\uff4f\uff54", "idiot"),
        ("ac\u0327a\u0303o", "ação"),
        ("i\u0336d\u0336iot", "idiot"),
        ("see https://example.org/x?y=1 now", "see (URL) now"),
        ("a [URL] {b}", "a (URL) (b)"),
        ("snake_case #tag a==b", "snake case tag a equals b"),
        ("</s> <mask> [MASK] <PAD>", "(/s) (mask) (MASK) (PAD)"),
        ("<@s>", "< s>"),
        ("mail <EMAIL_1> or <PHONE_12>", "mail (EMAIL) or (PHONE)"),
        ("😂😂 😂", "face with tears of joy"),
        ("👍🏽", "thumbs up sign"),
        ("\u202eabc\u0000", "abc"),
        ("\u200b \u2060", ""),
    ],
)
def test_normalise(raw: str, expected: str) -> None:
    assert normalise(raw) == expected


@given(st.text())
def test_normalise_is_idempotent(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(st.text(alphabet=st.sampled_from("<>/smak@[]=_#\\|^ \u200b\u0301e👍🏽\uff1c\uff1e\uff53\u1100\u1161w.htp:")))
def test_normalise_is_idempotent_and_safe_on_hostile_signs(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert "<s>" not in once
    assert "</s>" not in once
    assert "<mask>" not in once
    assert not set("@#[]{}_=\\|^") & set(once)


def test_the_model_sees_a_hidden_word_in_both_forms() -> None:
    assert model_input("you are an 1d10t") == "you are an 1d10t | you are an idiot"
    assert model_input("#SendThemBack") == "SendThemBack | Send Them Back"


@pytest.mark.parametrize("text", ["you are kind", "see you at 10:30", "olá @ana", "a | b"])
def test_an_open_text_has_one_form(text: str) -> None:
    assert model_input(text) == normalise(text)


@given(st.text())
def test_no_text_can_forge_a_second_form(text: str) -> None:
    assert normalise(text).count(FORMS_SEPARATOR) == 0
    assert model_input(text).count(FORMS_SEPARATOR) <= 1
