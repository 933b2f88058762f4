"""Moderation of a caller's texts."""

from __future__ import annotations

from synapse_gateway.exchange import BatchExchange
from synapse_gateway.guard import Guard


class ModerationHandler:
    """Runs an exchange to its end; the verdicts are in the exchange."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def moderate(self, exchange: BatchExchange) -> None:
        """Fill in the verdicts, in the order of the batch."""
        try:
            await self._guard.moderation.run(exchange)
        finally:
            await self._guard.record.run(exchange)
