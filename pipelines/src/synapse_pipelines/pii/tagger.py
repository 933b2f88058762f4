"""The tagger: the lowest layers of a sentence encoder and one linear layer that gives every token a BIO tag."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from synapse_common.pii import plain
from tokenizers import Encoding, Tokenizer
from torch import Tensor, nn

from synapse_pipelines.pii.phrases import Span

TYPES: Final = ("PERSON", "LOCATION", "ORG", "ADDRESS", "POSTCODE", "PHONE", "BIRTHDATE")
"""What the tagger finds: what has no form of its own, and numbers that people write in forms that no pattern knows."""

TAGS: Final = ("O", *(f"{begin}-{kind}" for kind in TYPES for begin in "BI"))
"""Order of the logits: outside, then beginning and inside of each type (Ramshaw and Marcus, 1995)."""

Parts = Sequence[tuple[Encoding, NDArray[np.float32]]]
"""The windows of a text and their logits ([t, len(TAGS)] each)."""

IGNORED: Final = -100
"""Tag number of padding and special tokens, which no loss counts."""

_WORD: Final = re.compile(r"\w+(?:[.'\u2019-]\w+)*|[^\w\s]")
_STRIDE: Final = 32  # tokens that neighbouring windows of a long text share


class TokenTagger(nn.Module):
    """Token ids [n, t] and attention mask [n, t] to logits [n, t, len(TAGS)]."""

    def __init__(self, encoder: nn.Module, hidden_size: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden_size, len(TAGS))

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return logits [n, t, len(TAGS)]."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        logits: Tensor = self.head(self.dropout(hidden))
        return logits


def windowed(tokenizer: Tokenizer, max_tokens: int) -> Tokenizer:
    """Return `tokenizer`, told to make windows of `max_tokens` that overlap of longer texts."""
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens, stride=_STRIDE)
    return tokenizer


def pad_number(tokenizer: Tokenizer) -> int:
    """Return the id that fills up a batch."""
    known = (tokenizer.token_to_id(name) for name in ("<pad>", "[PAD]"))
    return next((number for number in known if number is not None), 0)


def hide_number(tokenizer: Tokenizer) -> int:
    """Return the id that stands for any word."""
    known = (tokenizer.token_to_id(name) for name in ("<mask>", "[MASK]", "<unk>", "[UNK]"))
    return next((number for number in known if number is not None), 0)


def windows(tokenizer: Tokenizer, texts: Sequence[str]) -> list[tuple[int, Encoding]]:
    """Return the windows of `texts` with the number of the text each is of; offsets are those of the whole text."""
    encoded = tokenizer.encode_batch([plain(text) for text in texts])
    return [(number, window) for number, first in enumerate(encoded) for window in (first, *first.overflowing)]


def tag_numbers(window: Encoding, spans: Iterable[Span]) -> list[int]:
    """Return the number of each token's tag, given the `spans` of the window's text that are personal data."""
    numbers = []
    wanted = [span for span in spans if span[2] in TYPES]
    for (start, end), special in zip(window.offsets, window.special_tokens_mask, strict=True):
        if special:
            numbers.append(IGNORED)
            continue
        span = next((span for span in wanted if start < span[1] and end > span[0]), None)
        if span is None:
            numbers.append(0)
        else:
            numbers.append(1 + 2 * TYPES.index(span[2]) + int(start > span[0]))
    return numbers


@dataclass(frozen=True)
class ReadWords:
    """The words of a text as the tagger read them."""

    places: Sequence[tuple[int, int]]
    """Start and end of each of the n words."""
    mean: NDArray[np.float64]
    """Log-probabilities [n, len(TAGS)] of each word: the mean of its tokens', over all windows that saw them."""
    first: NDArray[np.float64]
    """Those of its first token, not numbers where no window saw it."""


def read_words(text: str, windows_of_text: Parts) -> ReadWords:
    """Return what the windows of a text say about its words."""
    places = [match.span() for match in _WORD.finditer(plain(text))]
    total = np.zeros((len(places), len(TAGS)), dtype=np.float64)
    first = np.full((len(places), len(TAGS)), np.nan)
    word_of = np.full(len(text) + 1, -1, dtype=np.int64)
    for number, (start, end) in enumerate(places):
        word_of[start:end] = number
    for window, logits in windows_of_text:
        log_probabilities = torch.log_softmax(torch.from_numpy(logits), dim=-1).numpy()
        for token, (start, end) in enumerate(window.offsets):
            inside = word_of[start:end]
            inside = inside[inside >= 0]
            if len(inside):
                word = int(inside[0])
                total[word] += log_probabilities[token] * (end - start)
                if np.isnan(first[word, 0]):
                    first[word] = log_probabilities[token]
    length = np.array([end - start for start, end in places], dtype=np.float64)[:, None]
    return ReadWords(places, total / np.maximum(length, 1), first)


def decode(words: ReadWords, biases: Mapping[str, float] | None = None) -> list[Span]:
    """Return the spans that `words` say.

    Words of one type in a row are one span, unless a later one says that it begins another. The type's number in
    `biases`, 0 where it has none, is taken from its log-probability: higher finds less.
    """
    return list(_joined(words, np.array([(biases or {}).get(kind, 0.0) for kind in TYPES])))


def _joined(words: ReadWords, against: NDArray[np.float64]) -> Iterable[Span]:
    either = np.logaddexp(words.mean[:, 1::2], words.mean[:, 2::2])  # beginning or inside
    kinds = np.column_stack((words.mean[:, 0], either - against)).argmax(axis=1)
    current: Span | None = None
    for (start, end), kind, own in zip(words.places, kinds.tolist(), words.first, strict=True):
        if kind == 0 or np.isnan(own[0]):
            if current:
                yield current
            current = None
            continue
        name = TYPES[kind - 1]
        begins = own[2 * kind - 1] > own[2 * kind]
        if current and current[2] == name and not begins:
            current = (current[0], end, name)
        else:
            if current:
                yield current
            current = (start, end, name)
    if current:
        yield current
