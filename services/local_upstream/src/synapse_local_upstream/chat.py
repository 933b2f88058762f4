"""``/v1/chat/completions``: answers by retrieval, whole or as a stream.

A token here is a word with the white space after it: that is what `max_tokens` cuts, what a stream sends one at a time,
and what `usage` counts.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

from synapse_local_upstream.errors import ApiError, model_not_found
from synapse_local_upstream.requests import ChatBody
from synapse_local_upstream.retrieval import Retriever
from synapse_local_upstream.settings import LocalUpstreamSettings

MODEL: Final = "synapse-retrieval"
_TOKEN = re.compile(r"\s*\S+\s*")


@dataclass(frozen=True)
class Completion:
    """A finished answer, ready to be sent either way."""

    id: str
    created: int
    fingerprint: str
    tokens: list[str]
    finish_reason: str
    prompt_tokens: int

    @property
    def usage(self) -> dict[str, int]:
        """Token counts in OpenAI's names."""
        completion = len(self.tokens)
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": completion,
            "total_tokens": self.prompt_tokens + completion,
        }

    def body(self) -> dict[str, Any]:
        """The response body of an unary call."""
        message = {"role": "assistant", "content": "".join(self.tokens), "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self.finish_reason}
        return {**self._head("chat.completion"), "choices": [choice], "usage": self.usage}

    async def events(self, *, include_usage: bool) -> AsyncIterator[str]:
        """The server-sent events of a streamed call."""
        yield self._event([_delta({"role": "assistant", "content": ""})])
        for token in self.tokens:
            yield self._event([_delta({"content": token})])
        yield self._event([_delta({}, self.finish_reason)])
        if include_usage:
            yield self._event([], usage=self.usage)
        yield "data: [DONE]\n\n"

    def _event(self, choices: list[dict[str, Any]], **more: Any) -> str:
        chunk = {**self._head("chat.completion.chunk"), "choices": choices, **more}
        return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n"

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": MODEL,
            "system_fingerprint": self.fingerprint,
        }


async def complete(
    body: ChatBody, retriever: Retriever, settings: LocalUpstreamSettings, fingerprint: str
) -> Completion:
    """Answer the last user message of `body`.

    Raises:
        ApiError: another model, no user message, a message over the limit.
    """
    if body.model != MODEL:
        raise model_not_found(body.model)
    for index, message in enumerate(body.messages):
        if len(message.text) > settings.max_text_chars:
            raise ApiError(
                f"The message has {len(message.text)} characters; at most {settings.max_text_chars}",
                param=f"messages.{index}.content",
            )
    answer = await retriever.answer(body.question)
    tokens = _TOKEN.findall(answer.text)
    limited = body.limit is not None and len(tokens) > body.limit
    return Completion(
        id=f"chatcmpl-{uuid.uuid4().hex}",
        created=int(time.time()),
        fingerprint=f"fp_{fingerprint}",
        tokens=tokens[: body.limit],
        finish_reason="length" if limited else "stop",
        prompt_tokens=sum(len(_TOKEN.findall(message.text)) for message in body.messages),
    )


def _delta(delta: dict[str, str], finish_reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
