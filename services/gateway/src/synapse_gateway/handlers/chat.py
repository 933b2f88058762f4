"""Guarded chat, whole and streamed."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from synapse_gateway.clients.upstream import ChatUpstream
from synapse_gateway.exchange import Blocked, ChatExchange, Finish, Side
from synapse_gateway.guard import Guard
from synapse_gateway.settings import StreamSettings
from synapse_gateway.windows import Windower


class ChatHandler:
    """Runs an exchange to its end; the result is in the exchange."""

    def __init__(self, guard: Guard, upstream: ChatUpstream, windows: StreamSettings) -> None:
        self._guard = guard
        self._upstream = upstream
        self._windows = windows

    async def complete(self, exchange: ChatExchange) -> None:
        """Answer in one piece: `released` joined, or `blocked`."""
        try:
            await self._guard.chat_input.run(exchange)
            if exchange.blocked is None:
                await self._guard.chat_answer.run(exchange)
        finally:
            await self._guard.record.run(exchange)

    async def stream(self, exchange: ChatExchange) -> AsyncGenerator[str, None]:
        """Answer in pieces that passed the guard; after the last one, the exchange says how it ended."""
        try:
            await self._guard.chat_input.run(exchange)
            if exchange.blocked is None:
                async with aclosing(self._answer(exchange)) as pieces:
                    async for piece in pieces:
                        yield piece
        finally:
            await self._guard.record.run(exchange)

    async def _answer(self, exchange: ChatExchange) -> AsyncGenerator[str, None]:
        async with aclosing(self._windows_of(exchange)) as windows:
            async for window in windows:
                exchange.windows = [window]
                await self._guard.chat_window.run(exchange)
                for piece in exchange.released:
                    yield piece
                exchange.released = []
                if exchange.blocked is not None:
                    return

    async def _windows_of(self, exchange: ChatExchange) -> AsyncGenerator[str, None]:
        windower = Windower(self._windows)
        async with aclosing(self._upstream.stream(exchange)) as pieces:
            async for piece in pieces:
                for window in windower.feed(piece):
                    yield window
        if exchange.answer.finish is Finish.CONTENT_FILTER:
            # The upstream itself withheld the rest; what is held back here belongs to it.
            exchange.blocked = Blocked(Side.OUTPUT, None)
            return
        for window in windower.finish():
            yield window
