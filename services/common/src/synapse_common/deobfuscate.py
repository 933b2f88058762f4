"""Undo the spelling tricks that hide words from a classifier: look-alikes, leetspeak, spaced and drawn-out letters.

What comes out is a guess that stands beside the text as written, never in its place: "k8s" is not always "kbs".
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Letters of other alphabets that look like a Latin one (Unicode Technical Standard 39, confusables; the common ones).
_LOOKALIKES: Final = str.maketrans(
    {
        **dict(zip("абсԁеһіјӏкӎпорԛѕтцѵԝхуԍ", "abcdehijlkmnopqstuvwxyg", strict=True)),
        **dict(zip("АВСЕНІЈКМОРЅТХУԌԜ", "ABCEHIJKMOPSTXYGW", strict=True)),
        **dict(zip("αβγεηικνορτυχω", "abyenikvoptuxw", strict=True)),
        **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True)),
        **dict(zip("ıɑɡɩʏᴀᴄᴇɪᴋᴍɴᴏᴘʀᴛᴜᴠᴡᴢ", "iagiyaceikmnoprtuvwz", strict=True)),
    }
)
_LEET: Final = str.maketrans("0134578@$!€£+|", "oieastbasielti")
_NON_LATIN: Final = re.compile(r"[ıɑɡɩʏᴀ-ᴢͰ-ϿЀ-ԯ]")
_FOREIGN_WORD: Final = re.compile(r"(?<!\S)\S+")
_SIGNED_WORD: Final = re.compile(r"(?<!\S)[^\s0134578@$!€£+|]*[0134578@$!€£+|]\S*")
_LEET_WORD: Final = re.compile(
    # a digit or sign between letters; a sign that stands for a vowel or s at a word's start; one digit before 3 letters
    r"[^\W\d_][0134578@$!€£+|]+[^\W\d_]|^[@$][^\W\d_]{2}|^[345][^\W\d_]{3}|[^\W\d_]{2}[$€]+$"
)
_ADDRESS: Final = re.compile(r"://|www\.|^@[^\W\d]+\W*$|@[\w-]+\.\w")  # links, handles, e-mail
_SPACED: Final = re.compile(r"(?<![\w'])[^\W\d_](?:([ .\-_*])[^\W\d_])(?:\1[^\W\d_]){2,}(?!\w)")
_DRAWN_OUT: Final = re.compile(r"([^\W\d_])\1{2,}", re.IGNORECASE)
_LATIN: Final = re.compile(r"[A-Za-zÀ-ÿ]")
_HASHTAG: Final = re.compile(r"#\w*[^\W\d_][A-Z]\w*")
_CAMEL: Final = re.compile(r"(?<=[a-zà-ÿ\d])(?=[A-ZÀ-Ý])")


def deobfuscate(text: str) -> str:
    """Return `text` with the words it may hide spelled out; the same text where there is nothing to undo.

    Undone, in order: look-alike letters in words that mix alphabets, leetspeak inside words ("1d10t"), hashtags of
    several words, letters with a sign or space between each ("i.d.i.o.t"), letters drawn out three times or more.
    """
    if not text.isascii() and _NON_LATIN.search(text):
        text = _FOREIGN_WORD.sub(lambda match: _latin(match[0]), unicodedata.normalize("NFKC", text))
    text = _SIGNED_WORD.sub(lambda match: _plain(match[0]), text)
    if "#" in text:
        text = _HASHTAG.sub(lambda match: _CAMEL.sub(" ", match[0][1:]), text)
    text = _SPACED.sub(lambda match: match[0].replace(match[1], ""), text)
    return _DRAWN_OUT.sub(_shorten, text)


def _latin(word: str) -> str:
    """Latin letters for look-alikes in a word that has Latin letters too: other alphabets' own words stay."""
    return word.translate(_LOOKALIKES) if _LATIN.search(word) else word


def _plain(word: str) -> str:
    if _ADDRESS.search(word) or not _LEET_WORD.search(word):
        return word
    core = word.rstrip("!|+.,;:?")
    return core.translate(_LEET) + word[len(core) :]


def _shorten(match: re.Match[str]) -> str:
    """One letter for a run, but a word that is one letter alone ("kkkk", "hmmm" keeps its h) is left as it is."""
    start, end = match.span()
    alone = not match.string[start - 1 : start].isalpha() and not match.string[end : end + 1].isalpha()
    return match[0] if alone else match[1]
