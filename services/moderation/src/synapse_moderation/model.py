"""The moderation model as the protocol sees it: texts in, calibrated scores and flags out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
from synapse_common.bundle import Bundle, BundleError
from synapse_common.errors import InvalidInput
from synapse_common.oip import TensorSpec
from synapse_common.oip.tensors import Array
from synapse_common.taxonomy import CATEGORIES

from synapse_moderation.engine import Engine

_WARM_UP = ("Hello, how are you?", "Olá, tudo bem?")


class ModerationModel:
    """One bundle, served. Satisfies `synapse_common.oip.InferenceModel`."""

    inputs: Sequence[TensorSpec] = (TensorSpec("text", "BYTES", (-1,)),)
    outputs: Sequence[TensorSpec] = (
        TensorSpec("category_scores", "FP32", (-1, len(CATEGORIES))),
        TensorSpec("flagged", "BOOL", (-1,)),
    )

    def __init__(self, bundle: Bundle, engine: Engine, *, max_batch: int, max_text_chars: int) -> None:
        self._path = bundle.path
        self._rule = bundle.decision_rule()
        self._engine = engine
        self._max_text_chars = max_text_chars
        self.name = bundle.manifest.name
        self.version = bundle.manifest.version
        self.max_batch = max_batch
        self.parameters: Mapping[str, str] = {
            "categories": json.dumps(CATEGORIES),
            "thresholds": json.dumps(self._rule.thresholds),
            "max_tokens": str(bundle.manifest.max_tokens),
        }

    async def infer(self, inputs: Mapping[str, Array], deadline_s: float | None) -> Mapping[str, Array]:
        """Score texts: input `text` [n] of UTF-8 bytes; outputs `category_scores` [n, c] and `flagged` [n].

        Raises:
            InvalidInput: a text is empty, too long or not UTF-8; the field names it.
            ResourceExhausted: too many texts are waiting.
            DeadlineExceeded: the caller's deadline passed before a worker was free.
        """
        texts = [self._decode(value, index) for index, value in enumerate(inputs["text"])]
        scores = self._rule.scores(await self._engine.logits(texts, deadline_s))
        return {"category_scores": scores, "flagged": self._rule.flagged(scores)}

    async def warm_up(self) -> None:
        """Answer once: the proof that the model works, so that the first caller pays for no lazy initialisation.

        Raises:
            BundleError: the model cannot answer, or gives other than one finite logit a category.
        """
        try:
            logits = await self._engine.logits(_WARM_UP, None)
        except Exception as error:  # the runtimes' own exceptions share no base class but this
            raise BundleError(f"the model of {self._path} cannot answer: {error}") from error
        if logits.shape != (len(_WARM_UP), len(CATEGORIES)) or not np.isfinite(logits).all():
            raise BundleError(f"the model of {self._path} does not give {len(CATEGORIES)} finite logits a text")

    def _decode(self, value: bytes, index: int) -> str:
        field = f"text[{index}]"
        try:
            text = value.decode()
        except UnicodeDecodeError:
            raise InvalidInput(f"{field} is not UTF-8", field=field) from None
        if not text.strip():
            raise InvalidInput(f"{field} is empty", field=field)
        if len(text) > self._max_text_chars:
            raise InvalidInput(f"{field} has {len(text)} characters; at most {self._max_text_chars}", field=field)
        return text
