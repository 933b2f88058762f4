import pytest
from hypothesis import given
from hypothesis import strategies as st
from synapse_common.pii import Masker, mask_pii, may_go_on

SENTENCES = [
    "the A of CO IN 12345678 9 80202 born on May 3 maio de 1990 zip code NISS 12345678902 Rua rua das flores",
    "12 Main Street NW1 6XE 912 345 678 gb29 nwbk 6016 1331 9268 19 (11) 98765-4321 +351 is é 00000000 0 ZZ4",
    "4111 1111 social: r. R. nº lote birth May. 3rd, 7 Setembro Augusta 1500",
]
WORDS = [word for sentence in SENTENCES for word in sentence.split()]
GAPS = [" ", " ", " ", "  ", "\n", ", ", "\u00a0"]
TEXTS = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(GAPS)), max_size=20)


@given(TEXTS)
def test_parts_between_safe_cuts_mask_as_the_whole(items: list[tuple[str, str]]) -> None:
    parts = [""]
    for number, (word, gap) in enumerate(items):
        parts[-1] += word + gap
        following = items[number + 1][0] if number + 1 < len(items) else ""
        if following and not may_go_on(parts[-1], following[0]):
            parts.append("")
    masker = Masker()
    assert "".join(masker.mask(part).text for part in parts) == mask_pii("".join(parts)).text


@pytest.mark.parametrize("before", ["In 1999 ", "we went ", "call +351  ", "born on\n", "the street "])
def test_plain_words_may_be_cut(before: str) -> None:
    assert not may_go_on(before, "w")
