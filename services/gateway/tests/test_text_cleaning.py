from hypothesis import given
from hypothesis import strategies as st
from synapse_gateway.text_cleaning import clean

anything = st.text(st.characters(), max_size=50)


def test_invisible_characters_go_and_the_rest_stays() -> None:
    hidden = "id\u200bio\u00adt \u202eabc\u2066 \x00\x1b[0m \ufeff\ud800"
    assert clean(hidden) == "idiot abc [0m "
    kept = "Olá,\tmundo!\r\n  ¿Qué? 👍🏽 \ufb01ne \uff21"
    assert clean(kept) == kept


@given(anything, anything)
def test_cleaning_by_pieces_is_cleaning_the_whole(first: str, second: str) -> None:
    assert clean(first) + clean(second) == clean(first + second)


@given(anything)
def test_cleaning_twice_changes_nothing_and_the_result_is_utf8(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    clean(text).encode()
