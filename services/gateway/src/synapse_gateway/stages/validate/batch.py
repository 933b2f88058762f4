"""Rules of a batch of texts."""

from __future__ import annotations

from synapse_common.errors import InvalidInput

from synapse_gateway.exchange import BatchExchange
from synapse_gateway.settings import LimitSettings
from synapse_gateway.stages.validate.texts import check_text


class ValidateBatch:
    """Checks the number of texts and each of them."""

    name = "validate"

    def __init__(self, limits: LimitSettings) -> None:
        self._limits = limits

    async def __call__(self, exchange: BatchExchange) -> None:
        """Check the request.

        Raises:
            InvalidInput: names the field that breaks a rule.
        """
        count, limit, field = len(exchange.batch), self._limits.max_batch, exchange.field_name
        if not 1 <= count <= limit:
            raise InvalidInput(f"{field} must hold 1 to {limit} texts, not {count}", field=field)
        for path, text in exchange.texts():
            check_text(text, path, self._limits.max_text_chars)
