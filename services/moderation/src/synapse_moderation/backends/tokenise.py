"""Texts to padded arrays, with the bundle's own tokenizer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from synapse_common.bundle import Bundle, BundleError
from synapse_common.decision import Floats
from synapse_common.text import model_input
from synapse_common.windows import overlap, strongest
from tokenizers import Encoding, Tokenizer

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Windows:
    """Texts as the model reads them."""

    ids: Ids
    """Token ids [w, t], t being the longest window's length."""
    mask: Ids
    """1 where a token stands, 0 where padding does, [w, t]."""
    owners: Ids
    """Number of the text that each window belongs to, [w]."""
    texts: int

    def fold(self, logits: Floats) -> Floats:
        """Logits [texts, c] from those of the windows, [w, c]."""
        return strongest(logits, self.owners, self.texts)

    def run(self, model: Callable[[Ids, Ids], Floats], most: int) -> Floats:
        """Logits [texts, c] of `model`, which takes ids and mask and is given at most `most` windows at once.

        A few long texts are hundreds of windows, whose activations would not fit into memory together.
        """
        parts = []
        for start in range(0, len(self.ids), most):
            mask = self.mask[start : start + most]
            longest = int(mask.sum(axis=1).max())  # padding that only other windows need is not computed
            parts.append(model(self.ids[start : start + most, :longest], mask[:, :longest]))
        return self.fold(np.concatenate(parts))


class TextEncoder:
    """Normalises and tokenises as training did. Safe to call from several threads."""

    def __init__(self, bundle: Bundle) -> None:
        file = bundle.file("tokenizer.json")
        try:
            self._tokenizer = Tokenizer.from_file(str(file))
        except Exception as error:  # the tokenizers library raises plain Exception
            raise BundleError(f"{file} is not a tokenizer this build can load: {error}") from None
        max_tokens = bundle.manifest.max_tokens
        if max_tokens is None:  # a moderation manifest always has it; its type covers the other kinds
            raise BundleError(f"{bundle.path} does not state max_tokens")
        self._tokenizer.enable_truncation(max_tokens, stride=overlap(max_tokens))
        self._tokenizer.no_padding()

    def encode(self, texts: Sequence[str]) -> Windows:
        """Cut `texts` into windows of the model's length; most texts are one."""
        windows: list[Encoding] = []
        owners: list[int] = []
        for number, first in enumerate(self._tokenizer.encode_batch_fast([model_input(text) for text in texts])):
            parts = [first, *first.overflowing]
            windows += parts
            owners += [number] * len(parts)
        longest = max(len(window.ids) for window in windows)
        ids = np.zeros((len(windows), longest), dtype=np.int64)  # the mask hides padding, so any token serves
        mask = np.zeros_like(ids)
        for row, window in enumerate(windows):
            ids[row, : len(window.ids)] = window.ids
            mask[row, : len(window.ids)] = 1
        return Windows(ids, mask, np.array(owners), len(texts))
