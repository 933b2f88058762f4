"""A batch of texts, moderated for a caller who asked for the verdicts."""

from __future__ import annotations

from synapse_gateway.clients.moderation import Moderator
from synapse_gateway.exchange import BatchExchange
from synapse_gateway.verdict import Observation


class ModerateBatch:
    """Fills in the verdicts; a flagged text blocks nothing here."""

    name = "moderate_batch"

    def __init__(self, moderator: Moderator) -> None:
        self._moderator = moderator

    async def __call__(self, exchange: BatchExchange) -> None:
        """Moderate the batch."""
        exchange.verdicts = await self._moderator.moderate(exchange.batch, exchange.call.deadline)
        exchange.observations += [
            Observation("moderate", text, verdict)
            for text, verdict in zip(exchange.batch, exchange.verdicts, strict=True)
        ]
