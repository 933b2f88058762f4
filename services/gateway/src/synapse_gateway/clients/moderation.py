"""The moderation predictor: texts in, verdicts out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from synapse_common.taxonomy import CATEGORIES

from synapse_gateway.clients.predictor import Array, InputTensor, Metadata, Predictor
from synapse_gateway.deadline import Deadline
from synapse_gateway.verdict import CategoryScore, Verdict

MODEL = "moderation"
_KEPT_VERSIONS = 4


class Moderator(Protocol):
    """What the stages need of moderation."""

    async def moderate(self, texts: Sequence[str], deadline: Deadline) -> list[Verdict]:
        """One verdict for each text, in order."""


class ModerationClient:
    """Asks the predictor, and reads its scores with the thresholds of the very version that gave them."""

    def __init__(self, predictor: Predictor, max_batch: int) -> None:
        self._predictor = predictor
        self._max_batch = max_batch
        self._thresholds: dict[str, Array] = {}  # by model version; the newest last
        self._lock = asyncio.Lock()

    async def check_ready(self, deadline: Deadline) -> None:
        """Return when the model answers and its metadata make sense.

        Raises:
            Unavailable: not yet; the message says why.
        """
        await self._predictor.check_ready(deadline)
        self._remember(await self._predictor.metadata(deadline))

    async def moderate(self, texts: Sequence[str], deadline: Deadline) -> list[Verdict]:
        """Moderate texts, each non-empty, in as many calls of the predictor as its batch size asks for.

        Raises:
            Unavailable: it cannot be reached, or answers nonsense.
            DeadlineExceeded: no answer in time.
            ResourceExhausted: it has too much work.
        """
        verdicts: list[Verdict] = []
        for start in range(0, len(texts), self._max_batch):
            verdicts += await self._moderate_batch(texts[start : start + self._max_batch], deadline)
        return verdicts

    async def _moderate_batch(self, texts: Sequence[str], deadline: Deadline) -> list[Verdict]:
        count = len(texts)
        expected = {"category_scores": ("FP32", (count, len(CATEGORIES))), "flagged": ("BOOL", (count,))}
        inference = await self._predictor.infer([InputTensor.of_texts("text", texts)], expected, deadline)
        scores = inference.outputs["category_scores"]
        if not np.all((scores >= 0) & (scores <= 1)):  # false for NaN, too
            raise self._predictor.nonsense("a score outside 0 to 1")
        hits = scores >= await self._thresholds_of(inference.model_version, deadline)
        return [
            Verdict(bool(flagged), _categories(row, row_hits), inference.model_version)
            for row, row_hits, flagged in zip(scores, hits, inference.outputs["flagged"], strict=True)
        ]

    async def _thresholds_of(self, version: str, deadline: Deadline) -> Array:
        if version not in self._thresholds:
            async with self._lock:
                if version not in self._thresholds:
                    self._remember(await self._predictor.metadata(deadline, version))
        if version not in self._thresholds:
            raise self._predictor.nonsense("metadata of another version than asked for")
        return self._thresholds[version]

    def _remember(self, metadata: Metadata) -> None:
        parameters = metadata.parameters
        try:
            categories = json.loads(parameters["categories"])
            by_name = json.loads(parameters["thresholds"])
            thresholds = np.array([float(by_name[name]) for name in CATEGORIES], dtype=np.float32)
        except (KeyError, TypeError, ValueError):
            raise self._predictor.nonsense("metadata without categories and thresholds") from None
        if categories != list(CATEGORIES):
            raise self._predictor.nonsense("other categories than the taxonomy's")
        self._thresholds[metadata.model_version] = thresholds
        while len(self._thresholds) > _KEPT_VERSIONS:
            del self._thresholds[next(iter(self._thresholds))]


def _categories(scores: Array, hits: Array) -> tuple[CategoryScore, ...]:
    return tuple(
        CategoryScore(name, float(score), bool(hit)) for name, score, hit in zip(CATEGORIES, scores, hits, strict=True)
    )
