"""``/v1/embeddings``: vectors for texts."""

from __future__ import annotations

import base64
from typing import Any, Final

import numpy as np

from synapse_local_upstream.encoder import DIMENSIONS, Encoder, Vectors
from synapse_local_upstream.errors import ApiError, model_not_found
from synapse_local_upstream.requests import EmbeddingsBody
from synapse_local_upstream.settings import LocalUpstreamSettings

MODEL: Final = "synapse-embeddings"


async def create_embeddings(body: EmbeddingsBody, encoder: Encoder, settings: LocalUpstreamSettings) -> dict[str, Any]:
    """Return the response body: one embedding per text, in order.

    Raises:
        ApiError: another model, too many or too long texts, more dimensions than the model has.
    """
    if body.model != MODEL:
        raise model_not_found(body.model)
    texts = body.texts
    if len(texts) > settings.max_inputs:
        raise ApiError(f"{len(texts)} inputs; at most {settings.max_inputs} a call", param="input")
    for index, text in enumerate(texts):
        if len(text) > settings.max_text_chars:
            raise ApiError(
                f"The text has {len(text)} characters; at most {settings.max_text_chars}", param=f"input.{index}"
            )
    dimensions = body.dimensions or DIMENSIONS
    if dimensions > DIMENSIONS:
        raise ApiError(f"{MODEL} has {DIMENSIONS} dimensions, not {dimensions}", param="dimensions")
    vectors = _shortened(await encoder.embed(texts), dimensions)
    tokens = await encoder.count_tokens(texts)
    return {
        "object": "list",
        "model": MODEL,
        "data": [
            {"object": "embedding", "index": index, "embedding": _encoded(vector, body.encoding_format)}
            for index, vector in enumerate(vectors)
        ],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _shortened(vectors: Vectors, dimensions: int) -> Vectors:
    """The first `dimensions` components, scaled back to length 1, as OpenAI does it."""
    if dimensions == vectors.shape[1]:
        return vectors
    cut = vectors[:, :dimensions]
    return np.asarray(cut / np.linalg.norm(cut, axis=1, keepdims=True), dtype=np.float32)


def _encoded(vector: Vectors, encoding: str) -> list[float] | str:
    """Numbers, or the base64 of little-endian 32-bit floats."""
    if encoding == "float":
        return [float(value) for value in vector]
    return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")
