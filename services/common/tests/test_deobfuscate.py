"""Spelling tricks and ordinary text that looks like them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synapse_common.deobfuscate import deobfuscate


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("you 1d10t", "you idiot"),
        ("what an @ssh0le!", "what an asshole!"),
        ("5tupid b1tch3s", "stupid bitches"),
        ("pa$$word", "password"),
        ("you are tra$$", "you are trass"),
        ("i.d.i.o.t", "idiot"),
        ("you i d i o t", "you idiot"),
        ("s-t-u-p-i-d people", "stupid people"),
        ("you are stuuuupid", "you are stupid"),
        ("уоu аre аn іdiоt", "you are an idiot"),
        ("#SendThemBack now", "Send Them Back now"),
        ("seu b0ç4l", "seu boçal"),
    ],
    ids=str,
)
def test_hidden_words_are_spelled_out(written: str, meant: str) -> None:
    assert deobfuscate(written) == meant


@pytest.mark.parametrize(
    "text",
    [
        "see you at 10:30 on the 2nd, room 3b",
        "python3 and x86 on ubuntu22",
        "mail me at ana@example.com or @ana",
        "https://example.com/a1b2c3",
        "it costs $100, not 100$!",
        "kkkkkkk",
        "Привет, как дела?",
        "γεια σου φίλε",
        "plan a b or c",
        "well... ok!!!",
        "#python",
        "não, é às 15h",
    ],
    ids=str,
)
def test_ordinary_text_stays(text: str) -> None:
    assert deobfuscate(text) == text


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    assert isinstance(deobfuscate(text), str)


def test_long_runs_take_linear_time() -> None:
    for text in ("a" * 200_000, "a " * 100_000, "1a" * 100_000, "#A" * 50_000, "$" * 200_000):
        deobfuscate(text)
