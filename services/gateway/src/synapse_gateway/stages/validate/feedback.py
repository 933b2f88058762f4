"""Rules of a rating or a report."""

from __future__ import annotations

from synapse_common.errors import InvalidInput

from synapse_gateway.exchange import FeedbackExchange
from synapse_gateway.stages.validate.identifiers import check_identifier

_WORST, _BEST = 1, 5


class ValidateFeedback:
    """Checks ids, the rating's range, and that a report gives a reason."""

    name = "validate"

    async def __call__(self, exchange: FeedbackExchange) -> None:
        """Check the request.

        Raises:
            InvalidInput: names the field that breaks a rule.
        """
        check_identifier(exchange.conversation_id, "conversation_id")
        if exchange.message_id:
            check_identifier(exchange.message_id, "message_id")
        if exchange.rating is not None and not _WORST <= exchange.rating <= _BEST:
            raise InvalidInput(f"rating must be {_WORST} (poor) to {_BEST} (excellent)", field="rating")
        if exchange.reason == "":
            raise InvalidInput("reason must be one of HARMFUL, WRONG, PRIVACY, OTHER", field="reason")
