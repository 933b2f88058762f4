import base64
import json
from typing import Any

import numpy as np
import pytest
from synapse_embeddings.answer import NonsenseError, parse_answer


def body(*embeddings: Any, **changes: Any) -> bytes:
    data = [{"index": index, "embedding": embedding} for index, embedding in enumerate(embeddings)]
    return json.dumps({"data": data, "usage": {"prompt_tokens": 3}, **changes}).encode()


def packed(*values: float) -> str:
    return base64.b64encode(np.array(values, dtype="<f4").tobytes()).decode()


def parse(content: bytes, count: int = 2, dimensions: int | None = None) -> Any:
    return parse_answer(content, model="small", count=count, dimensions=dimensions)


def test_base64_and_numbers_are_read_alike() -> None:
    result = parse(body(packed(1, 2, 3), [4, 5.5, 6]))
    assert result.vectors.dtype == np.float32
    assert result.vectors.tolist() == [[1, 2, 3], [4, 5.5, 6]]
    assert (result.model, result.prompt_tokens) == ("small", 3)


def test_vectors_are_put_in_the_order_of_the_texts() -> None:
    data = [{"index": 1, "embedding": [2.0]}, {"index": 0, "embedding": [1.0]}]
    assert parse(body(data=data)).vectors.tolist() == [[1.0], [2.0]]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "body: json_invalid"),
        (b"<html>", "body: json_invalid"),
        (b"[]", "body: model_type"),
        (body([1.0], [2.0], usage=None), "usage"),
        (body([1.0]), "1 vectors for 2 texts"),
        (body([1.0], [2.0], [3.0]), "3 vectors for 2 texts"),
        (body(data=[{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}]), "indexes"),
        (body(data=[{"index": 1, "embedding": [1.0]}, {"index": 2, "embedding": [1.0]}]), "indexes"),
        (body([1.0], [2.0, 3.0]), "length"),
        (body([], []), "length"),
        (body(["a"], [1.0]), "embedding"),
        (body([1.0], [float("nan")]), "not finite"),
        (body([1.0], [1e300]), "not finite"),
        (body(packed(1), packed(float("inf"))), "not finite"),
        (body("!!", packed(1)), "base64"),
        (body("AAA=", packed(1)), "base64"),
    ],
)
def test_nonsense_is_recognised(content: bytes, reason: str) -> None:
    with pytest.raises(NonsenseError, match=reason):
        parse(content)


def test_other_dimensions_than_asked_for_are_nonsense() -> None:
    with pytest.raises(NonsenseError, match="where 4 was expected"):
        parse(body([1.0, 2.0], [3.0, 4.0]), dimensions=4)
