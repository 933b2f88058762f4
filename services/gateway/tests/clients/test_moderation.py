import json

import pytest
from gateway_fakes.predictors import BAD_WORD, FakeModerationPredictor
from synapse_common.errors import Unavailable
from synapse_common.taxonomy import CATEGORIES
from synapse_gateway.clients.moderation import ModerationClient
from synapse_gateway.clients.predictor import Predictor
from synapse_gateway.deadline import Deadline

Moderation = tuple[FakeModerationPredictor, Predictor]


async def test_a_verdict_has_every_category_in_the_taxonomys_order(moderation: Moderation) -> None:
    client = ModerationClient(moderation[1], 8)
    fine, bad = await client.moderate(["fine", BAD_WORD], Deadline())
    assert tuple(score.category for score in fine.categories) == CATEGORIES
    assert not fine.flagged
    assert bad.flagged
    assert [(hit.category, round(hit.score, 2)) for hit in bad.hits] == [("harassment", 0.9)]


async def test_large_batches_are_split_and_keep_their_order(moderation: Moderation) -> None:
    fake, predictor = moderation
    texts = [f"text {index}" + (BAD_WORD if index == 4 else "") for index in range(7)]
    verdicts = await ModerationClient(predictor, 3).moderate(texts, Deadline())
    assert [len(batch) for batch in fake.batches] == [3, 3, 1]
    assert [verdict.flagged for verdict in verdicts] == [False] * 4 + [True] + [False] * 2


async def test_metadata_are_read_once_for_each_version(moderation: Moderation) -> None:
    fake, predictor = moderation
    client = ModerationClient(predictor, 8)
    await client.check_ready(Deadline())
    await client.moderate(["a"], Deadline())
    assert fake.metadata_calls == 1


async def test_a_new_version_brings_its_own_thresholds(moderation: Moderation) -> None:
    fake, predictor = moderation
    client = ModerationClient(predictor, 8)
    (before,) = await client.moderate([BAD_WORD], Deadline())
    fake.version = "v2"
    fake.set_threshold(0.95)
    (after,) = await client.moderate([BAD_WORD], Deadline())
    assert (before.model_version, before.flagged) == ("v1", True)
    assert (after.model_version, after.flagged, after.hits) == ("v2", False, ())


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"categories": "not json", "thresholds": "{}"},
        {"categories": json.dumps(CATEGORIES), "thresholds": "{}"},
        {"categories": json.dumps(["a", "b"]), "thresholds": json.dumps(dict.fromkeys(CATEGORIES, 0.5))},
    ],
)
async def test_metadata_that_make_no_sense_are_not_ready(moderation: Moderation, parameters: dict[str, str]) -> None:
    fake, predictor = moderation
    fake.parameters = parameters
    with pytest.raises(Unavailable, match="nonsense"):
        await ModerationClient(predictor, 8).check_ready(Deadline())


async def test_an_answer_without_scores_is_nonsense(moderation: Moderation) -> None:
    moderation[0].garbled = True
    with pytest.raises(Unavailable, match="nonsense"):
        await ModerationClient(moderation[1], 8).moderate(["a"], Deadline())
