"""Logits of many texts, by torch or by an ONNX file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from synapse_common.decision import Floats
from synapse_common.taxonomy import CATEGORIES
from synapse_common.text import model_input
from synapse_common.windows import overlap, strongest
from torch import Tensor

from synapse_pipelines.training.batches import batch_indices, pad
from synapse_pipelines.training.model import ModerationClassifier
from synapse_pipelines.training.optimiser import number_format

_TOKENS_PER_BATCH = 2048


def torch_logits(model: ModerationClassifier, tokenizer: Any, texts: Sequence[str], max_tokens: int) -> Floats:
    """Return logits [n, 8] in the order of `texts`, computed in the fastest format that is safe here, as in training.

    In bfloat16 they differ from float32 by some hundredths, a fraction of what int8 changes, in half the time. Leaves
    the model in the mode it was in.
    """
    where = next(model.parameters()).device
    kind = number_format("auto", where)
    training = model.training
    model.eval()

    def run(input_ids: Tensor, mask: Tensor) -> Floats:
        with torch.inference_mode():
            with torch.autocast(where.type, dtype=kind, enabled=kind != torch.float32):
                pooled = model.pooled(input_ids.to(where), mask.to(where))
            # The head in float32: a logit of bfloat16 has steps of 0.06, and texts would tie.
            logits: Floats = model.head(pooled).cpu().numpy()
        return logits

    try:
        return in_batches(run, tokenizer, texts, max_tokens)
    finally:
        model.train(training)


def onnx_logits(model: Path | bytes, tokenizer: Any, texts: Sequence[str], max_tokens: int) -> Floats:
    """Return logits [n, 8] of an ONNX model, a file or its content, on the CPU."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])

    def run(input_ids: Tensor, mask: Tensor) -> Floats:
        feed = {"input_ids": input_ids.numpy(), "attention_mask": mask.numpy()}
        logits: Floats = session.run(["logits"], feed)[0]
        return logits

    return in_batches(run, tokenizer, texts, max_tokens)


def in_batches(
    run: Callable[[Tensor, Tensor], Floats], tokenizer: Any, texts: Sequence[str], max_tokens: int
) -> Floats:
    """Return logits [n, 8], each text read as serving does: in windows, the strongest of which counts.

    `run` gets token ids and mask [n, t] of windows of similar length.
    """
    if not texts:
        return np.zeros((0, len(CATEGORIES)), dtype=np.float32)
    encoded = tokenizer(
        [model_input(text) for text in texts],
        truncation=True,
        max_length=max_tokens,
        stride=overlap(max_tokens),
        return_overflowing_tokens=True,
    )
    ids: list[list[int]] = encoded["input_ids"]
    logits = np.zeros((len(ids), len(CATEGORIES)), dtype=np.float32)
    for rows in batch_indices([len(row) for row in ids], _TOKENS_PER_BATCH, rng=None):
        logits[rows] = run(*pad([ids[row] for row in rows], tokenizer.pad_token_id))
    return strongest(logits, np.asarray(encoded["overflow_to_sample_mapping"]), len(texts))
