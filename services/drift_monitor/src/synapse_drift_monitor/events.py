"""Prediction events: what a well-formed one is, and what is kept of it."""

from __future__ import annotations

import re
from typing import NamedTuple

from synapse.v1 import drift_pb2 as pb
from synapse_common.errors import InvalidInput
from synapse_common.taxonomy import CATEGORIES

_LANGUAGE = re.compile(r"[a-z]{2,3}")
_LONGEST_NAME = 200
_NAMES = ("event_id", "model", "model_version", "group", "route")


class Observation(NamedTuple):
    """The part of an event that is compared: scores in the order of the taxonomy, and what is known of the text."""

    scores: tuple[float, ...]
    text_length: int
    language: str
    flagged: bool


def observation_of(event: pb.PredictionEvent) -> Observation:
    """Check `event` and return what is compared of it.

    Raises:
        InvalidInput: a part is missing or impossible; names the field.
    """
    for name in _NAMES:
        if not 0 < len(getattr(event, name)) <= _LONGEST_NAME:
            raise InvalidInput(f"{name} must have 1 to {_LONGEST_NAME} characters", field=name)
    if not event.HasField("time"):
        raise InvalidInput("time is missing", field="time")
    if not _LANGUAGE.fullmatch(event.language):
        raise InvalidInput("language must be an ISO 639 code, or 'und'", field="language")
    if event.text_length < 0:
        raise InvalidInput("text_length is negative", field="text_length")
    return Observation(_scores(event), event.text_length, event.language, event.flagged)


def _scores(event: pb.PredictionEvent) -> tuple[float, ...]:
    scores = {item.category: item.score for item in event.scores}
    if len(event.scores) != len(CATEGORIES) or set(scores) != set(CATEGORIES):
        raise InvalidInput("scores must have every category of the taxonomy once", field="scores")
    if not all(0.0 <= score <= 1.0 for score in scores.values()):  # false for NaN, too
        raise InvalidInput("a score is not between 0 and 1", field="scores")
    return tuple(scores[category] for category in CATEGORIES)
