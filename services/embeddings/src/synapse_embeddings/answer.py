"""The upstream's answer, believed only after a check."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, ValidationError

Vectors = NDArray[np.float32]


class NonsenseError(ValueError):
    """The upstream answered, but not with the embeddings asked for. The message carries nothing of the answer."""


@dataclass(frozen=True)
class EmbeddingResult:
    """Vectors [n, d] in the order of the texts, the model's name and the tokens the upstream counted."""

    vectors: Vectors
    model: str
    prompt_tokens: int


class _Item(BaseModel):
    index: int
    embedding: list[float] | str


class _Usage(BaseModel):
    prompt_tokens: int = Field(ge=0)


class _Body(BaseModel):
    """The parts of OpenAI's response that are used; the rest may differ between servers."""

    data: list[_Item]
    usage: _Usage


def parse_answer(content: bytes, *, model: str, count: int, dimensions: int | None) -> EmbeddingResult:
    """Read the body of an embeddings response.

    Args:
        content: the body, with vectors as lists of numbers or base64 of little-endian 32-bit floats.
        model: the model that was asked.
        count: how many texts were sent.
        dimensions: length the vectors must have; None for any one length.

    Raises:
        NonsenseError: not JSON, another number or order of vectors, other lengths, numbers that are not finite.
    """
    try:
        body = _Body.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise NonsenseError(f"{where}: {first['type']}") from None
    if len(body.data) != count:
        raise NonsenseError(f"{len(body.data)} vectors for {count} texts")
    by_index = {item.index: item for item in body.data}
    if set(by_index) != set(range(count)):
        raise NonsenseError("the indexes of the vectors do not match the texts")
    rows = [_vector(by_index[index].embedding) for index in range(count)]
    lengths = {len(row) for row in rows}
    if len(lengths) != 1 or 0 in lengths or (dimensions is not None and lengths != {dimensions}):
        raise NonsenseError(f"vectors of length {sorted(lengths)} where {dimensions or 'one length'} was expected")
    vectors = np.stack(rows)
    if not np.isfinite(vectors).all():
        raise NonsenseError("a vector holds numbers that are not finite")
    return EmbeddingResult(vectors, model, body.usage.prompt_tokens)


def _vector(embedding: list[float] | str) -> Vectors:
    if not isinstance(embedding, str):
        with np.errstate(over="ignore"):  # too large for 32 bits becomes infinite, and is refused as such
            return np.asarray(embedding, dtype=np.float64).astype(np.float32)
    try:
        return np.frombuffer(base64.b64decode(embedding, validate=True), dtype="<f4")
    except (binascii.Error, ValueError):
        raise NonsenseError("a vector is not base64 of 32-bit floats") from None
