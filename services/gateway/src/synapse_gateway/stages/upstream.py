"""The answer, from the upstream, as a whole."""

from __future__ import annotations

from synapse_gateway.clients.upstream import ChatUpstream
from synapse_gateway.exchange import Blocked, ChatExchange, Finish, Side
from synapse_gateway.settings import StreamSettings
from synapse_gateway.windows import split_windows


class Upstream:
    """Asks the upstream, and lays the answer out in the same windows that a stream would have."""

    name = "upstream"

    def __init__(self, upstream: ChatUpstream, windows: StreamSettings) -> None:
        self._upstream = upstream
        self._windows = windows

    async def __call__(self, exchange: ChatExchange) -> None:
        """Fill `answer` and `windows`; an answer that the upstream itself withheld is blocked."""
        exchange.answer = await self._upstream.complete(exchange)
        if exchange.answer.finish is Finish.CONTENT_FILTER:
            exchange.blocked = Blocked(Side.OUTPUT, None)
        else:
            exchange.windows = split_windows(exchange.answer.content, self._windows)
