from hypothesis import given
from hypothesis import strategies as st
from synapse_common.pii import Masker, mask_pii

SENTENCES = [
    "write to ana.silva+lista@example.co.uk, or a@x.pt",
    "o servidor é 2001:db8::8a2e:370:7334 ou 192.168.1.10",
    "5 4111 1111 1111 1111 9",
    "IBAN PT50 0002 0123 1234 5678 9015 4 OK",
    "o meu CPF é 529 982 247 25, o NIF 501 442 600",
    "NISS 12345678902 ou 351912345678",
    "born on 3 May 1990 at 221B Baker Street, London NW1 6XE",
    "moro na rua das flores 12, 1250-096 Lisboa",
    "it costs 1.234.567,89 euros on 2024-05-01 10:20",
    "(ver www.exemplo.pt/página).",
]


def test_equal_values_share_a_placeholder_and_others_do_not() -> None:
    result = mask_pii("a@x.pt, b@x.pt, a@x.pt and 912345678")
    assert result.text == "<EMAIL_1>, <EMAIL_2>, <EMAIL_1> and <PHONE_1>"


def test_a_masker_keeps_its_numbers_from_text_to_text() -> None:
    masker = Masker()
    assert masker.mask("a@x.pt").text == "<EMAIL_1>"
    assert masker.mask("b@x.pt a@x.pt").text == "<EMAIL_2> <EMAIL_1>"


def test_entities_tell_where_they_stood_in_the_original() -> None:
    text = "João: joao@exemplo.pt, tel. 912 345 678 😀 fim"
    entities = mask_pii(text).entities
    assert [(entity.type, text[entity.start : entity.end], entity.placeholder) for entity in entities] == [
        ("EMAIL", "joao@exemplo.pt", "<EMAIL_1>"),
        ("PHONE", "912 345 678", "<PHONE_1>"),
    ]


PIECES = st.sampled_from([*SENTENCES, " ", ".", "-", "+", "@", "(", ":", "x", "9", "ção"])
HOSTILE = st.lists(PIECES, max_size=8).map("".join) | st.text(
    alphabet=st.sampled_from("0123456789 +-.()@:/abwAPT50w<>_\u0661\uff11é\u00a0\u2011\u0303"), max_size=60
)


@given(HOSTILE | st.text())
def test_whatever_the_text_the_parts_between_entities_stay_and_the_offsets_hold(text: str) -> None:
    result = mask_pii(text)
    rebuilt, position = "", 0
    for entity in result.entities:
        assert position <= entity.start < entity.end <= len(text)
        rebuilt += text[position : entity.start] + entity.placeholder
        position = entity.end
    assert rebuilt + text[position:] == result.text


@given(HOSTILE)
def test_a_placeholder_is_never_taken_for_personal_data(text: str) -> None:
    masked = mask_pii(text)
    again = mask_pii(masked.text)
    placeholders = {entity.placeholder for entity in masked.entities}
    assert not placeholders & {masked.text[entity.start : entity.end] for entity in again.entities}


@given(st.lists(st.sampled_from(SENTENCES), max_size=8), st.sampled_from([" ", "\n", "; "]))
def test_masking_a_masked_text_changes_nothing(sentences: list[str], between: str) -> None:
    once = mask_pii(between.join(sentences)).text
    assert mask_pii(once).text == once
