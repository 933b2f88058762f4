"""Batches under a token budget. Padding is the cost, so texts of like length go together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from synapse_common.text import model_input
from torch import Tensor

from synapse_pipelines.recipe import Recipe

_POOL_BATCHES = 40  # batches whose rows are sorted together: enough to pad little, few enough to stay random


def encode(tokenizer: Any, texts: Sequence[str], max_tokens: int) -> list[list[int]]:
    """Return the token ids of each text as the model reads it (`model_input`), truncated to `max_tokens`."""
    if not texts:
        return []
    ids: list[list[int]] = tokenizer([model_input(text) for text in texts], truncation=True, max_length=max_tokens)[
        "input_ids"
    ]
    return ids


def plan_steps(lengths: Sequence[int], recipe: Recipe) -> list[list[list[int]]]:
    """Return the whole training as optimiser steps, each a list of batches, each a list of row numbers.

    The plan follows from the arguments alone, so a place in it is one number, whoever trains and however often it was
    interrupted.
    """
    rng = np.random.default_rng(recipe.seed)
    passes = max(recipe.epochs, math.ceil(recipe.min_rows_seen / len(lengths)))
    batches = [batch for _ in range(passes) for batch in batch_indices(lengths, recipe.tokens_per_batch, rng)]
    steps = [batches[start : start + recipe.accumulation] for start in range(0, len(batches), recipe.accumulation)]
    return steps[: recipe.max_steps]


def batch_indices(lengths: Sequence[int], tokens_per_batch: int, rng: np.random.Generator | None) -> list[list[int]]:
    """Group row numbers into batches of at most `tokens_per_batch` padded tokens (a longer row is a batch of its own).

    With `rng` rows and batches are shuffled; without it they come sorted by length.
    """
    size = np.asarray(lengths)
    order = np.arange(len(size)) if rng is None else rng.permutation(len(size))
    mean = max(1.0, float(size.mean())) if len(size) else 1.0
    pool = len(size) if rng is None else max(1, int(_POOL_BATCHES * tokens_per_batch / mean))
    batches: list[list[int]] = []
    for start in range(0, len(order), max(1, pool)):
        rows = order[start : start + pool]
        batches += _pack(rows[np.argsort(size[rows], kind="stable")], size, tokens_per_batch)
    if rng is not None:
        rng.shuffle(batches)
    return batches


def _pack(rows: np.ndarray, size: np.ndarray, tokens_per_batch: int) -> list[list[int]]:
    batches: list[list[int]] = []
    for row in rows.tolist():
        # Rows come sorted, so this row is the longest of its batch.
        if batches and (len(batches[-1]) + 1) * size[row] <= tokens_per_batch:
            batches[-1].append(row)
        else:
            batches.append([row])
    return batches


def pad(ids: Sequence[list[int]], pad_id: int) -> tuple[Tensor, Tensor]:
    """Return token ids [n, t] padded with `pad_id`, and the attention mask [n, t], both int64."""
    longest = max(len(row) for row in ids)
    input_ids = torch.full((len(ids), longest), pad_id, dtype=torch.int64)
    mask = torch.zeros((len(ids), longest), dtype=torch.int64)
    for number, row in enumerate(ids):
        input_ids[number, : len(row)] = torch.tensor(row)
        mask[number, : len(row)] = 1
    return input_ids, mask
