"""How alike two texts are in meaning, by the base encoder before it is trained to moderate."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
import torch
from synapse_common.decision import Floats

from synapse_pipelines.augmentation.templates import plain_lines
from synapse_pipelines.training.batches import batch_indices, encode, pad
from synapse_pipelines.training.model import device, from_encoder, load_tokenizer

_MAX_TOKENS: Final = 128
_TOKENS_PER_BATCH: Final = 4_096
_REFERENCE_TEXTS: Final = 300


class Embedder:
    """Mean-pooled sentence embeddings, centred.

    Cosines of such encoders are all high, whatever the texts; taking off the mean of ordinary sentences (Mu and
    Viswanath, 2018) spreads them, so that one limit means the same for different encoders.
    """

    def __init__(self, base_encoder: str) -> None:
        """Load the encoder: a folder or a Hugging Face id.

        Raises:
            TrainingError: there is no such BERT encoder.
        """
        self._tokenizer: Any = load_tokenizer(base_encoder)
        whole = from_encoder(base_encoder, layers=None, frozen_layers=0, dropout=0.0)
        self._encoder = whole.encoder.to(device()).eval()

    def similarities(self, first: Sequence[str], second: Sequence[str]) -> Floats:
        """Return the cosine of each pair of texts [n], -1 to 1."""
        if not first:
            return np.zeros(0, dtype=np.float32)
        pairs = (self._embed(first) - self._centre, self._embed(second) - self._centre)
        ones = [vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9) for vectors in pairs]
        return np.asarray((ones[0] * ones[1]).sum(axis=1), dtype=np.float32)

    @cached_property
    def _centre(self) -> Floats:
        ordinary = [line.text for language in ("en", "pt") for line in plain_lines(language)[: _REFERENCE_TEXTS // 2]]
        return np.asarray(self._embed(ordinary).mean(axis=0), dtype=np.float32)

    def _embed(self, texts: Sequence[str]) -> Floats:
        ids = encode(self._tokenizer, texts, _MAX_TOKENS)
        found: dict[int, Floats] = {}
        for rows in batch_indices([len(row) for row in ids], _TOKENS_PER_BATCH, rng=None):
            input_ids, mask = (
                part.to(device()) for part in pad([ids[row] for row in rows], self._tokenizer.pad_token_id)
            )
            with torch.inference_mode():
                hidden = self._encoder(input_ids=input_ids, attention_mask=mask).last_hidden_state
                pooled = (hidden * mask.unsqueeze(-1)).sum(dim=1) / mask.sum(dim=1, keepdim=True)
            vectors = torch.nn.functional.normalize(pooled.float(), dim=1).cpu().numpy()
            found |= dict(zip(rows, vectors, strict=True))
        return np.stack([found[row] for row in range(len(ids))])
