"""A list of words: the score is 1 - 0.5 ** (listed terms in the text), so one term is a coin's toss."""

from __future__ import annotations

import string
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

LEXICON_FILES: Final = ("lexicon_en.txt", "lexicon_pt.txt")


def lexicon_terms(data_dir: Path | None) -> list[str]:
    """Return the terms of ``lexicon_en.txt`` and ``lexicon_pt.txt`` in `data_dir`, ours in place of a missing one."""
    lines = [line.strip() for name in LEXICON_FILES for line in _read(data_dir, name).splitlines()]
    return [line for line in lines if line and not line.startswith("# ")]


def _read(data_dir: Path | None, name: str) -> str:
    given = data_dir / name if data_dir is not None else None
    return (given if given is not None and given.is_file() else files(__package__) / name).read_text(encoding="utf-8")


def lexicon_scores(terms: list[str], texts: list[str]) -> NDArray[np.float32]:
    """Return a score [n] for each text: 0 without a listed term, 0.5 with one, 0.75 with two. Case does not matter."""
    listed = {term.casefold() for term in terms}
    longest = max((len(term.split()) for term in listed), default=0)
    found = np.array([_listed(text, listed, longest) for text in texts], dtype=np.float32)
    return np.asarray(1 - 0.5**found, dtype=np.float32)


def _listed(text: str, terms: set[str], longest: int) -> int:
    """Count the runs of up to `longest` words that are listed, signs around words aside."""
    words = [word.strip(string.punctuation) for word in text.casefold().split()]
    return sum(
        " ".join(words[start : start + length]) in terms
        for length in range(1, longest + 1)
        for start in range(len(words) - length + 1)
    )
