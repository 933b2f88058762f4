import asyncio
import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from synapse_common.bundle import Bundle, BundleError
from synapse_common.errors import InvalidInput
from synapse_common.taxonomy import CATEGORIES
from synapse_moderation.engine import Engine
from synapse_moderation.model import ModerationModel


class Fixed:
    """A backend that gives every text the same logits."""

    workers = 1
    job_texts: int | None = None

    def __init__(self, logits: Sequence[float] = (0.0,) * len(CATEGORIES)) -> None:
        self._logits = logits

    def logits(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        if not self._logits:
            raise RuntimeError("no logits")
        return np.array([self._logits] * len(texts), dtype=np.float32)


def made(bundle: Bundle, backend: Fixed) -> ModerationModel:
    engine = Engine(backend, job_texts=8, max_waiting_texts=100)
    return ModerationModel(bundle, engine, max_batch=4, max_text_chars=10)


def array(*values: bytes) -> npt.NDArray[np.object_]:
    return np.array([*values, None], dtype=object)[:-1]


async def test_logits_become_scores_and_flags_by_the_bundles_rule(bundle: Bundle) -> None:
    logits = [2.0] + [-2.0] * 7
    outputs = await made(bundle, Fixed(logits)).infer({"text": array(b"hi", "olá".encode())}, None)
    scores = 1 / (1 + np.exp(-np.array(logits)))
    np.testing.assert_allclose(outputs["category_scores"], [scores, scores], rtol=1e-5)
    assert outputs["category_scores"].dtype == np.float32
    assert outputs["flagged"].tolist() == [True, True]
    mild = await made(bundle, Fixed([-2.0] * 8)).infer({"text": array(b"hi")}, None)
    assert mild["flagged"].tolist() == [False]


def test_callers_learn_the_categories_and_thresholds_from_the_metadata(bundle: Bundle) -> None:
    model = made(bundle, Fixed())
    assert (model.name, model.version) == ("moderation", bundle.manifest.version)
    assert list(json_of(model, "categories")) == list(CATEGORIES)
    assert json_of(model, "thresholds") == dict.fromkeys(CATEGORIES, 0.5)
    assert model.parameters["max_tokens"] == "16"


def json_of(model: ModerationModel, name: str) -> dict[str, float]:
    value: dict[str, float] = json.loads(model.parameters[name])
    return value


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"\xed\xa0\x80", "not UTF-8"),  # a lone surrogate
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (b"x" * 11, "11 characters; at most 10"),
    ],
)
async def test_a_bad_text_is_refused_and_named(bad: bytes, reason: str, bundle: Bundle) -> None:
    with pytest.raises(InvalidInput, match=reason) as caught:
        await made(bundle, Fixed()).infer({"text": array(b"fine", bad)}, None)
    assert caught.value.field == "text[1]"


async def test_length_is_counted_in_characters_not_bytes(bundle: Bundle) -> None:
    outputs = await made(bundle, Fixed()).infer({"text": array(("é" * 10).encode())}, None)
    assert outputs["flagged"].shape == (1,)


@pytest.mark.parametrize("logits", [(), (1.0,) * 7, (float("nan"),) * 8])
async def test_a_model_that_does_not_work_is_found_at_warm_up(logits: Sequence[float], bundle: Bundle) -> None:
    with pytest.raises(BundleError, match=str(bundle.path)):
        await made(bundle, Fixed(logits)).warm_up()


async def test_a_model_that_works_warms_up(bundle: Bundle) -> None:
    await asyncio.wait_for(made(bundle, Fixed()).warm_up(), 10)
