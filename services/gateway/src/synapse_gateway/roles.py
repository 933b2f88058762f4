"""Role-based access control: which role may call which method. Everything that is not listed is refused."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Final

USER: Final = "user"
"""A person using the product."""
VIEWER: Final = "viewer"
"""Looks at what the models say; changes nothing and starts no chat."""
SERVICE: Final = "service"
"""Another service of the product; its system messages count as the operator's own."""

_CHAT = ("/synapse.v1.ChatService/Complete", "/synapse.v1.ChatService/Stream")
_FEEDBACK = ("/synapse.v1.FeedbackService/Rate", "/synapse.v1.FeedbackService/Report")
_MODERATION = ("/synapse.v1.ModerationService/Moderate",)
_EMBEDDINGS = ("/synapse.v1.EmbeddingsService/Embed",)
_CLUSTERING = ("/synapse.v1.ClusteringService/Assign",)

METHODS_BY_ROLE: Final[Mapping[str, Set[str]]] = {
    USER: frozenset({*_CHAT, *_FEEDBACK, *_MODERATION, *_EMBEDDINGS}),
    VIEWER: frozenset({*_MODERATION, *_EMBEDDINGS, *_CLUSTERING}),
    SERVICE: frozenset({*_CHAT, *_FEEDBACK, *_MODERATION, *_EMBEDDINGS, *_CLUSTERING}),
}


def may_call(roles: Set[str], method: str) -> bool:
    """Whether any of `roles` may call `method`; unknown roles give nothing."""
    return any(method in METHODS_BY_ROLE.get(role, frozenset()) for role in roles)
