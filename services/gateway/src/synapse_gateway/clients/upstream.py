"""The chat upstream: any server with OpenAI's chat completions, through the openai SDK."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import openai
from opentelemetry import propagate

from synapse_gateway.clients.upstream_answers import Reply, nonsense, parse_piece, parse_whole
from synapse_gateway.clients.upstream_errors import upstream_errors
from synapse_gateway.deadline import Deadline
from synapse_gateway.exchange import Answer, ChatExchange, Finish
from synapse_gateway.settings import UpstreamSettings

_NO_KEY = "none"  # the SDK wants a key; servers other than OpenAI's mostly do not


class ChatUpstream:
    """Completions, whole or streamed; an answer over the length limit is cut there."""

    def __init__(self, settings: UpstreamSettings, max_answer_chars: int) -> None:
        self._settings = settings
        self._max_chars = max_answer_chars
        key = settings.api_key
        self._client = openai.AsyncOpenAI(
            base_url=str(settings.base_url),
            api_key=key.get_secret_value() if key else _NO_KEY,
            max_retries=0,  # the caller knows its own deadline and decides
            timeout=None,  # the SDK's is for each read; ours, below, are for whole steps
        )

    async def complete(self, exchange: ChatExchange) -> Answer:
        """Answer the exchange's outgoing messages.

        Raises:
            SynapseError: see `upstream_errors`; Unavailable also for an answer without text.
        """
        timeout_s = exchange.call.deadline.within(self._settings.timeout_s)
        with upstream_errors():
            async with asyncio.timeout(timeout_s):
                raw = await self._client.chat.completions.with_raw_response.create(**self._request(exchange))
        reply = parse_whole(raw.http_response.content)
        answer = Answer(model=exchange.upstream_model)
        self._add(answer, reply)
        answer.finish = answer.finish or Finish.STOP
        return _checked(answer)

    async def stream(self, exchange: ChatExchange) -> AsyncGenerator[str, None]:
        """Answer in pieces; fills `exchange.answer` on the way.

        The connection is closed as soon as the generator is, whatever the reason. Raises as `complete` does.
        """
        answer = exchange.answer = Answer(model=exchange.upstream_model)
        life = Deadline.after(exchange.call.deadline.within(self._settings.stream_timeout_s))
        request = {**self._request(exchange), "stream": True, "stream_options": {"include_usage": True}}
        with upstream_errors():
            async with asyncio.timeout(life.within(self._settings.timeout_s)):
                events = await self._client.chat.completions.create(**request)
            try:
                # After the finish reason comes one more event, with the usage.
                while len(answer.content) < self._max_chars:
                    async with asyncio.timeout(life.within(self._settings.timeout_s)):
                        event = await anext(events, None)
                    if event is None:
                        break
                    if text := self._add(answer, parse_piece(event)):
                        yield text
            finally:
                await events.close()
        if answer.finish is None:
            raise nonsense("a stream that broke off")
        _checked(answer)

    async def close(self) -> None:
        """Close idle connections."""
        await self._client.close()

    def _request(self, exchange: ChatExchange) -> dict[str, Any]:
        headers: dict[str, str] = {}
        propagate.inject(headers)  # the trace goes on in the upstream
        return {
            "model": exchange.upstream_model,
            "messages": [
                {"role": message.role.value, "content": message.content}
                for message in exchange.outgoing
                if message.role is not None
            ],
            "max_tokens": exchange.max_tokens or self._settings.default_max_tokens,
            "temperature": openai.omit if exchange.temperature is None else exchange.temperature,
            "extra_headers": headers,
        }

    def _add(self, answer: Answer, reply: Reply) -> str:
        """Put a reply into the answer; returns the text that was added."""
        text = reply.text[: self._max_chars - len(answer.content)]
        answer.content += text
        answer.model = reply.model or answer.model
        answer.usage = reply.usage or answer.usage
        answer.finish = Finish.LENGTH if len(answer.content) == self._max_chars else reply.finish or answer.finish
        return text


def _checked(answer: Answer) -> Answer:
    """An answer may be empty only where the upstream withheld it."""
    if not answer.content.strip() and answer.finish is not Finish.CONTENT_FILTER:
        raise nonsense("an answer without text")
    return answer
