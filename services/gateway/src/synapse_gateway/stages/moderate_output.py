"""The answer, moderated before anybody sees it: whole, or window by window as it streams."""

from __future__ import annotations

from synapse_common.errors import DeadlineExceeded, ResourceExhausted, Unavailable

from synapse_gateway.clients.moderation import Moderator
from synapse_gateway.exchange import Blocked, ChatExchange, Side
from synapse_gateway.metrics import GatewayMetrics
from synapse_gateway.verdict import Observation, worst_of


class ModerateOutput:
    """Moderates the waiting windows, each behind a tail of what came before it, so that no word loses its context."""

    name = "moderate_output"
    outages = (Unavailable, DeadlineExceeded, ResourceExhausted)

    def __init__(self, moderator: Moderator, tail_chars: int, metrics: GatewayMetrics) -> None:
        self._moderator = moderator
        self._tail_chars = tail_chars
        self._blocked = metrics.blocked

    async def __call__(self, exchange: ChatExchange) -> None:
        """Moderate `windows`; when any is flagged the exchange is blocked and none of them is released."""
        before = exchange.shown
        texts = []
        for window in exchange.windows:
            texts.append(self._tail(before) + window)
            before += window
        verdicts = await self._moderator.moderate(texts, exchange.call.deadline)
        exchange.moderation_version = verdicts[-1].model_version
        observed = zip(exchange.windows, verdicts, strict=True)
        exchange.observations += [Observation("chat_output", window, verdict) for window, verdict in observed]
        if any(verdict.flagged for verdict in verdicts):
            verdict = worst_of(verdicts)
            exchange.blocked = Blocked(Side.OUTPUT, verdict)
            exchange.windows = []
            for hit in verdict.hits:
                self._blocked.add(1, {"side": Side.OUTPUT.value, "category": hit.category})

    def _tail(self, text: str) -> str:
        """The end of `text`, from the start of a word on."""
        if len(text) <= self._tail_chars:
            return text
        tail = text[len(text) - self._tail_chars :]
        return tail[tail.find(" ") + 1 :]
