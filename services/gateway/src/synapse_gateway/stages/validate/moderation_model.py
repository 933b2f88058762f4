"""The one moderation model there is."""

from __future__ import annotations

from synapse_common.errors import InvalidInput

from synapse_gateway.clients.moderation import MODEL
from synapse_gateway.exchange import BatchExchange


class ValidateModerationModel:
    """Checks the model of a moderation request; empty means the default one."""

    name = "validate_model"

    async def __call__(self, exchange: BatchExchange) -> None:
        """Check the model.

        Raises:
            InvalidInput: there is no such model.
        """
        if exchange.model not in ("", MODEL):
            raise InvalidInput(f"unknown model {exchange.model[:64]!r}; there is {MODEL!r}", field="model")
