"""The conversation, moderated before the upstream sees it."""

from __future__ import annotations

from synapse_common.errors import DeadlineExceeded, ResourceExhausted, Unavailable

from synapse_gateway.clients.moderation import Moderator
from synapse_gateway.exchange import Blocked, ChatExchange, Role, Side
from synapse_gateway.metrics import GatewayMetrics
from synapse_gateway.verdict import Observation, worst_of


class ModerateInput:
    """Moderates all that the caller wrote, in one call of the predictor, and blocks when any of it is flagged.

    The history counts: nothing proves that what the caller sends as the assistant's words ever were. Only the system
    messages of a service pass unmoderated; they are the product's own.
    """

    name = "moderate_input"
    outages = (Unavailable, DeadlineExceeded, ResourceExhausted)

    def __init__(self, moderator: Moderator, metrics: GatewayMetrics) -> None:
        self._moderator = moderator
        self._blocked = metrics.blocked

    async def __call__(self, exchange: ChatExchange) -> None:
        """Moderate, and block a flagged conversation."""
        messages = [message for message in exchange.messages if not exchange.is_operator_text(message)]
        verdicts = await self._moderator.moderate([message.content for message in messages], exchange.call.deadline)
        exchange.moderation_version = verdicts[-1].model_version
        # The last message is the new one; the rest was observed when it was new.
        if messages[-1].role is Role.USER:
            exchange.observations.append(Observation("chat_input", messages[-1].content, verdicts[-1]))
        if any(verdict.flagged for verdict in verdicts):
            verdict = worst_of(verdicts)
            exchange.blocked = Blocked(Side.INPUT, verdict)
            for hit in verdict.hits:
                self._blocked.add(1, {"side": Side.INPUT.value, "category": hit.category})
