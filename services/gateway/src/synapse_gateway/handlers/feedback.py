"""Ratings and reports."""

from __future__ import annotations

from synapse_gateway.exchange import FeedbackExchange
from synapse_gateway.feedback.pseudonym import pseudonym
from synapse_gateway.feedback.row import StoredFeedback
from synapse_gateway.feedback.store import FeedbackStore
from synapse_gateway.guard import Guard


class FeedbackHandler:
    """Guards the request and stores it."""

    def __init__(self, guard: Guard, store: FeedbackStore, pseudonym_key: bytes) -> None:
        self._guard = guard
        self._store = store
        self._key = pseudonym_key

    async def store(self, exchange: FeedbackExchange) -> str:
        """Return the feedback's id once it is on disk."""
        await self._guard.feedback.run(exchange)
        row = StoredFeedback.new(
            conversation_id=exchange.conversation_id,
            message_id=exchange.message_id,
            rating=exchange.rating,
            reason=exchange.reason,
            user=pseudonym(self._key, exchange.call.caller.subject),
        )
        await self._store.add(row)
        return row.feedback_id
