"""From an observation to the event that leaves the process: scores, length and language, but no text."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp
from synapse.v1 import drift_pb2, moderation_pb2
from synapse_common.language import detect_language

from synapse_gateway.clients.moderation import MODEL
from synapse_gateway.verdict import Observation

GROUP = "stable"
"""The rollout group of the predictor that is asked."""


@dataclass(frozen=True)
class Pending:
    """An observation that waits in the queue, with the time it was made (Unix time, nanoseconds)."""

    observation: Observation
    time_ns: int

    @classmethod
    def now(cls, observation: Observation) -> Pending:
        """Stamp it with the present time."""
        return cls(observation, time.time_ns())


def event_of(pending: Pending) -> drift_pb2.PredictionEvent:
    """Build the event. Detects the language, which takes up to some milliseconds: not for the event loop."""
    observation, verdict = pending.observation, pending.observation.verdict
    moment = Timestamp()
    moment.FromNanoseconds(pending.time_ns)
    return drift_pb2.PredictionEvent(
        event_id=uuid.uuid4().hex,
        time=moment,
        model=MODEL,
        model_version=verdict.model_version,
        group=GROUP,
        route=observation.route,
        language=detect_language(observation.text),
        text_length=len(observation.text),
        scores=[
            moderation_pb2.CategoryScore(category=item.category, score=item.score, flagged=item.flagged)
            for item in verdict.categories
        ],
        flagged=verdict.flagged,
    )
