from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from synapse.v1 import drift_pb2 as pb
from synapse.v1.moderation_pb2 import CategoryScore
from synapse_common.errors import InvalidInput
from synapse_common.taxonomy import CATEGORIES
from synapse_drift_monitor.events import observation_of


@pytest.fixture
def event(population: Any, events: Callable[..., list[pb.PredictionEvent]]) -> pb.PredictionEvent:
    (made,) = events(population().draw(1, np.random.default_rng(0)), "v1")
    return made


def test_scores_are_put_in_the_order_of_the_taxonomy(event: pb.PredictionEvent) -> None:
    expected = observation_of(event)
    del event.scores[:]
    event.scores.extend(
        CategoryScore(category=name, score=score)
        for name, score in reversed(list(zip(CATEGORIES, expected.scores, strict=True)))
    )
    assert observation_of(event) == expected


def spoil(name: str, value: object) -> Callable[[pb.PredictionEvent], None]:
    return lambda event: setattr(event, name, value)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (spoil("event_id", ""), "event_id"),
        (spoil("model_version", ""), "model_version"),
        (spoil("model_version", "v" * 201), "model_version"),
        (spoil("model", ""), "model"),
        (spoil("group", ""), "group"),
        (spoil("route", ""), "route"),
        (spoil("language", ""), "language"),
        (spoil("language", "English"), "language"),
        (spoil("text_length", -1), "text_length"),
        (lambda event: event.ClearField("time"), "time"),
        (lambda event: event.ClearField("scores"), "scores"),
        (lambda event: event.scores.pop(), "scores"),
        (lambda event: event.scores.append(event.scores[0]), "scores"),
        (lambda event: setattr(event.scores[0], "category", "rudeness"), "scores"),
        (lambda event: setattr(event.scores[0], "category", "hate"), "scores"),
        (lambda event: setattr(event.scores[0], "score", 1.5), "scores"),
        (lambda event: setattr(event.scores[0], "score", -0.1), "scores"),
        (lambda event: setattr(event.scores[0], "score", float("nan")), "scores"),
    ],
)
def test_a_malformed_event_is_refused_by_field(
    event: pb.PredictionEvent, change: Callable[[pb.PredictionEvent], None], field: str
) -> None:
    change(event)
    with pytest.raises(InvalidInput) as caught:
        observation_of(event)
    assert caught.value.field == field
