"""One line of feedback.jsonl: a row of the source table, and what the product wants to know besides."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Self

from pydantic import AwareDatetime
from synapse_common.schemas import FeedbackRow

SOURCE = "gateway"


class StoredFeedback(FeedbackRow):
    """The columns of the table ``feedback``, then when, by whom and why."""

    timestamp: AwareDatetime
    user: str
    """Pseudonym, see `feedback.pseudonym`."""
    reason: str | None
    """Why it was reported: harmful, wrong, privacy or other; null for a rating."""

    @classmethod
    def new(cls, *, conversation_id: str, message_id: str, rating: int | None, reason: str | None, user: str) -> Self:
        """A row of now, with an id of its own. An empty `message_id` speaks of the whole conversation."""
        return cls(
            feedback_id=uuid.uuid4().hex,
            conversation_id=conversation_id,
            message_id=message_id or None,
            rating=None if rating is None else float(rating),
            report=reason is not None,
            source=SOURCE,
            timestamp=dt.datetime.now(dt.UTC),
            user=user,
            reason=reason,
        )
