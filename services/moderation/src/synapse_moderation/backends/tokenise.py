"""Texts to padded arrays, with the bundle's own tokenizer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from synapse_common.bundle import Bundle, BundleError
from synapse_common.text import normalise
from tokenizers import Tokenizer

Ids = npt.NDArray[np.int64]


class TextEncoder:
    """Normalises and tokenises as training did. Safe to call from several threads."""

    def __init__(self, bundle: Bundle) -> None:
        file = bundle.file("tokenizer.json")
        try:
            self._tokenizer = Tokenizer.from_file(str(file))
            pad_id = bundle.json("model/config.json")["pad_token_id"]
        except Exception as error:  # the tokenizers library raises plain Exception
            raise BundleError(f"{file} is not a tokenizer this build can load: {error}") from None
        max_tokens = bundle.manifest.max_tokens
        if max_tokens is None:  # a moderation manifest always has it; its type covers the other kinds
            raise BundleError(f"{bundle.path} does not state max_tokens")
        self._pad_id = int(pad_id)
        self._tokenizer.enable_truncation(max_tokens)
        self._tokenizer.no_padding()

    def encode(self, texts: Sequence[str]) -> tuple[Ids, Ids]:
        """Token ids and attention mask, both int64 [n, t] with t the longest text's tokens."""
        encodings = self._tokenizer.encode_batch_fast([normalise(text) for text in texts])
        longest = max(len(encoding.ids) for encoding in encodings)
        ids = np.full((len(encodings), longest), self._pad_id, dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        return ids, mask
