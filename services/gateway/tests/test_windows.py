from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from synapse_common.pii import Masker, mask_pii
from synapse_gateway.settings import StreamSettings
from synapse_gateway.windows import LONG_PLACEHOLDER, Windower, split_windows

SMALL = StreamSettings(min_window_chars=10, max_window_chars=30, tail_chars=10, hold_chars=300)

PERSONAL = [
    "ana.silva@example.com",
    "+351 912 345 678",
    "912 345 678",
    "(11) 91234-5678",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "GB29 NWBK 6016 1331 9268 19",
    "PT50 0002 0123 1234 5678 9015 4",
    "529.982.247-25",
    "https://example.com/a?b=c",
    "192.168.10.20",
    "123 456 789",
    "2001:db8::1:2",
    "+351\u00a0912\u00a0345\u00a0678",
    "912\u202f345\u2009678",
    "912\u2011345\u2011678",
    "gb29 nwbk 6016 1331 9268 19",
    "pt50\u00a00002 0123\u00a01234 5678 9015 4",
    "529 982 247 25",
    "529\u00a0982\u00a0247\u00a025",
    "11 222 333 0001 81",
    "user@münchen.de",
]
WORDS = [
    "the",
    "A",
    "of",
    "DR",
    "XY",
    "7",
    "12 345",
    "e.g.",
    "yes!",
    "no?",
    "(well)",
    "olá",
    "x@",
    "+",
    "1.",
    "NWBK",
    "gb29",
    "west",
    "ok\n",
    "...",
]

tokens = st.sampled_from(PERSONAL + WORDS)
gaps = st.sampled_from([" ", " ", " ", "  ", "\n", ", ", ". ", "\u00a0", "\u202f", "\u00a0 ", "-"])
texts = st.lists(st.tuples(tokens, gaps), max_size=25).map(lambda items: "".join(token + gap for token, gap in items))
cuts = st.lists(st.integers(0, 600), max_size=30)


def pieces_of(text: str, cuts: Sequence[int]) -> list[str]:
    edges = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    return [text[start:end] for start, end in pairwise(edges)]


def streamed(pieces: Sequence[str], settings: StreamSettings = SMALL) -> list[str]:
    windower = Windower(settings)
    windows = [window for piece in pieces for window in windower.feed(piece)]
    return windows + windower.finish()


@given(texts, cuts)
def test_windows_depend_on_the_text_and_not_on_its_pieces(text: str, cuts: list[int]) -> None:
    assert streamed(pieces_of(text, cuts)) == split_windows(text, SMALL)


@given(texts, cuts)
@example("call +351 912 345 678 now", [7, 12, 15])
@example("pay GB29 NWBK 6016 1331 9268 19 please", [6, 9, 13])
@example("pay gb29 nwbk 6016 1331 9268 19 please", [6, 9, 13])
@example("call now +351\u00a0912\u00a0345\u00a0678 please", [14, 18, 22])
@example("my number is 529 982 247 25 indeed", [18, 22])
def test_masking_window_by_window_is_masking_the_whole(text: str, cuts: list[int]) -> None:
    windows = streamed(pieces_of(text, cuts))
    # An endless run of numbers is cut all the same; see the tests of the overflow.
    assume(all(len(window) < SMALL.hold_chars // 2 for window in windows))
    masker = Masker()
    assert "".join(masker.mask(window).text for window in windows) == mask_pii(text).text


@given(texts, st.sampled_from(PERSONAL), texts, cuts)
def test_no_personal_data_is_ever_released(before: str, secret: str, after: str, cuts: list[int]) -> None:
    text = f"{before}\n{secret}\n{after}"
    masker = Masker()
    shown = "".join(masker.mask(window).text for window in streamed(pieces_of(text, cuts)))
    if secret not in before + after:  # there, its neighbours may make it something else
        assert secret not in shown


@given(st.text(max_size=400), cuts)
def test_nothing_is_lost_and_no_window_is_blank(text: str, cuts: list[int]) -> None:
    text += "end"
    windows = streamed(pieces_of(text, cuts), StreamSettings())
    assert "".join(windows) == text
    assert all(window.strip() for window in windows)


def test_a_sentence_end_closes_a_window_but_not_a_short_one() -> None:
    windows = split_windows("Yes. That is a sentence. And another one.", SMALL)
    assert windows == ["Yes. That is a sentence. ", "And another one."]


def test_white_space_closes_a_window_that_has_no_sentence_end() -> None:
    windows = split_windows("word " * 30, SMALL)
    assert "".join(windows) == "word " * 30
    assert max(map(len, windows)) <= SMALL.max_window_chars + len("word ")


@pytest.mark.parametrize("quote", ['"', ")", "\u201d"])
def test_closing_quotes_belong_to_the_sentence(quote: str) -> None:
    assert split_windows(f"He said: go away.{quote} Then he left.", SMALL)[0] == f"He said: go away.{quote} "


def test_words_after_a_number_are_not_held_back() -> None:
    text = "In 1999 we went away with four kids from here "
    assert len(split_windows(text * 10, SMALL)) > 10


def test_an_endless_run_of_numbers_is_cut_but_not_inside_personal_data() -> None:
    text = "1 2 3 4 5 6 7 8 9 " * 60 + "+351 912 345 678 "
    windows = split_windows(text, SMALL)
    assert "".join(windows) == text
    assert max(map(len, windows)) <= SMALL.hold_chars
    masker = Masker()
    assert "912 345" not in "".join(masker.mask(window).text for window in windows)


def test_an_endless_unbroken_string_is_withheld() -> None:
    windows = split_windows("see https://example.com/" + "a" * 1000 + " and more", SMALL)
    assert windows == ["see ", f"{LONG_PLACEHOLDER} and more"]


def test_endless_white_space_does_not_hold_anything_back() -> None:
    windows = split_windows("Hi" + " " * 1000 + "there", SMALL)
    assert windows[0].strip() == "Hi"
    assert windows[-1].strip() == "there"
    assert max(map(len, windows)) <= SMALL.hold_chars
