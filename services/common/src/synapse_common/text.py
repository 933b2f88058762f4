"""What the moderation model sees of a text, in training and in serving alike.

The steps undo common ways to hide a word from a classifier (invisible characters, stacked accents, look-alike widths)
and spell out signs that the encoder's vocabulary lacks, which would otherwise all become one unknown token.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from synapse_common.deobfuscate import deobfuscate

FORMS_SEPARATOR: Final = " | "
"""Between the two forms of a text in `model_input`. No text can hold it: `normalise` turns ``|`` into a space."""

_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_HANDLE_IN_WORD = re.compile(r"(?<=[^\W\d_])@(?=[^\W\d_])")
_REPEATED_SYMBOL = re.compile(r"([\u2190-\u2bff\U0001f000-\U0001faff])(?:\s*\1)+")
_EQUALS = re.compile(r"=+")
_SPACES = re.compile(r"\s+")
_SPECIAL_TOKEN = re.compile(r"<(/?s|pad|unk|mask)>", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"<([A-Z]{2,10}) \d{1,4}>")
_SIGNS = str.maketrans({"[": "(", "{": "(", "]": ")", "}": ")", **dict.fromkeys("@#_\\|^", " ")})
_SKIN_TONES = range(0x1F3FB, 0x1F400)


class _Table(dict[int, str]):
    """A `str.translate` table that asks `rule` for each new code point once."""

    def __init__(self, rule: Callable[[int], str]) -> None:
        super().__init__()
        self._rule = rule

    def __missing__(self, code: int) -> str:
        value = self._rule(code)
        self[code] = value
        return value


def _without_invisible(code: int) -> str:
    char = chr(code)
    if char.isspace():
        return " "
    return "" if unicodedata.category(char) in ("Cc", "Cf", "Cs") else char


def _without_mark(code: int) -> str:
    char = chr(code)
    # An accent that no precomposed letter took up is decoration in English and Portuguese.
    if unicodedata.category(char) in ("Mn", "Me") or code in _SKIN_TONES:
        return ""
    return char


def _spelled_symbol(code: int) -> str:
    char = chr(code)
    if unicodedata.category(char) == "So" and (name := unicodedata.name(char, "")):
        return f" {name.lower()} "
    return char


_INVISIBLE = _Table(_without_invisible)
_MARKS = _Table(_without_mark)
_SYMBOLS = _Table(_spelled_symbol)


def model_input(text: str) -> str:
    """Return what the moderation model reads of `text`: its normalised form and, where words are hidden, a second one.

    The second is the normalised form of the deobfuscated text. Both stand side by side since either may be the right
    one, and since hiding a word says something too.
    """
    written, meant = normalise(text), deobfuscate(text)
    if meant == text:
        return written
    meant = normalise(meant)
    return written if meant == written else f"{written}{FORMS_SEPARATOR}{meant}"


def normalise(text: str) -> str:
    r"""Return `text` as the moderation model reads it. Idempotent; may return the empty string.

    In order: control, bidirectional and zero-width characters go; Unicode NFKC; stray combining marks go; links become
    ``(URL)``; emoji become their Unicode names, a run of one emoji counts once; ``@ # _ \ | ^``, brackets and ``=``
    are spelled with signs the vocabulary has; white space becomes single spaces; masked personal data such as
    ``<EMAIL_1>`` becomes ``(EMAIL)``; special-token strings such as ``</s>`` lose their angle brackets, so that no text
    can speak as the tokenizer.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_INVISIBLE)).translate(_MARKS)
        text = unicodedata.normalize("NFKC", text)
        text = _REPEATED_SYMBOL.sub(r"\1", text).translate(_SYMBOLS)
    else:
        text = text.translate(_INVISIBLE)
    text = _LINK.sub("(URL)", text)
    text = _HANDLE_IN_WORD.sub("a", text)
    text = _EQUALS.sub(" equals ", text).translate(_SIGNS)
    text = _SPACES.sub(" ", text).strip()
    return _SPECIAL_TOKEN.sub(r"(\1)", _PLACEHOLDER.sub(r"(\1)", text))
