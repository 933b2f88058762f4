"""Category scores as protobuf."""

from __future__ import annotations

from collections.abc import Iterable

from synapse.v1 import moderation_pb2 as pb

from synapse_gateway.verdict import CategoryScore


def to_messages(scores: Iterable[CategoryScore]) -> list[pb.CategoryScore]:
    """Keep the order."""
    return [pb.CategoryScore(category=item.category, score=item.score, flagged=item.flagged) for item in scores]
