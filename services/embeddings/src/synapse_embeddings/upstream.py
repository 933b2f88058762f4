"""The upstream: calls through the openai SDK, and what its failures mean to our callers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import openai
from openai import AsyncOpenAI, omit
from opentelemetry import propagate, trace
from pydantic import SecretStr
from synapse_common.errors import DeadlineExceeded, InvalidInput, ResourceExhausted, SynapseError, Unavailable
from synapse_common.logs import get_logger

from synapse_embeddings.answer import EmbeddingResult, NonsenseError, parse_answer

_log = get_logger(__name__)
_tracer = trace.get_tracer(__name__)

_RETRY_AFTER_S: Final = 1.0
_LONGEST_RETRY_S: Final = 3600.0
# The SDK wants a key; servers on loopback take any.
_NO_KEY: Final = "none"


class Upstream:
    """An OpenAI-compatible embeddings endpoint. It is not retried here: callers know whether they still have time."""

    def __init__(self, base_url: str, api_key: SecretStr | None, timeout_s: float) -> None:
        key = api_key.get_secret_value() if api_key else _NO_KEY
        self._client = AsyncOpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=timeout_s)
        self._timeout_s = timeout_s

    async def embed(
        self,
        texts: Sequence[str],
        model: str,
        *,
        dimensions: int | None,
        expected: int | None,
        deadline_s: float | None,
    ) -> EmbeddingResult:
        """Embed `texts`; the call carries the trace on.

        Args:
            texts: what to embed.
            model: the upstream's name of the model.
            dimensions: length of the vectors to ask for; None to leave it to the model.
            expected: length that the vectors must have; None when it is not known yet.
            deadline_s: seconds the caller still waits; the setting is the upper bound.

        Raises:
            DeadlineExceeded: no answer in time.
            ResourceExhausted: the upstream limits us (429).
            InvalidInput: the upstream refuses the texts or dimensions (400, 413, 422): too many tokens, for example.
            Unavailable: it cannot be reached, refuses our key, fails, or answers nonsense.
        """
        limit_s = self._timeout_s if deadline_s is None else max(0.0, min(self._timeout_s, deadline_s))
        with _tracer.start_as_current_span("embeddings.upstream", kind=trace.SpanKind.CLIENT):
            headers: dict[str, str] = {}
            propagate.inject(headers)
            try:
                # The SDK's own timeout is per read, so an upstream that dribbles would never meet it.
                async with asyncio.timeout(limit_s):
                    response = await self._client.embeddings.with_raw_response.create(
                        input=list(texts),
                        model=model,
                        dimensions=omit if dimensions is None else dimensions,
                        encoding_format="base64",
                        extra_headers=headers,
                    )
                return parse_answer(response.content, model=model, count=len(texts), dimensions=expected)
            except (TimeoutError, openai.APITimeoutError):
                raise DeadlineExceeded(f"the embeddings upstream did not answer within {limit_s:.3g} s") from None
            except NonsenseError as error:
                _log.error("the upstream answers nonsense", model=model, reason=str(error))
                raise Unavailable(
                    f"the embeddings upstream answered nonsense ({error})", retry_after_s=_RETRY_AFTER_S
                ) from None
            except openai.APIError as error:
                raise _meaning(error, model) from None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _meaning(error: openai.APIError, model: str) -> SynapseError:
    """What a failed call means to the caller. Upstream messages are not passed on: they may quote texts or the key."""
    if not isinstance(error, openai.APIStatusError):
        return Unavailable("the embeddings upstream cannot be reached", retry_after_s=_RETRY_AFTER_S)
    status = error.status_code
    _log.error("the upstream refused a call", status=status, code=error.code, param=error.param, model=model)
    match status:
        case 429:
            return ResourceExhausted("the embeddings upstream limits our calls", retry_after_s=_retry_after(error))
        case 400 | 413 | 422:
            return InvalidInput(f"the embeddings upstream refused the request (HTTP {status})", field="inputs")
        case 401 | 403:
            return Unavailable("the embeddings upstream refused our credentials; its operator must set a valid key")
        case 404:
            return Unavailable(f"the embeddings upstream has no model {model!r}; its operator must set another")
        case _:
            return Unavailable(f"the embeddings upstream failed (HTTP {status})", retry_after_s=_RETRY_AFTER_S)


def _retry_after(error: openai.APIStatusError) -> float:
    """Seconds of a Retry-After header; dates, which no upstream we know sends, count as unsaid."""
    try:
        seconds = float(error.response.headers["retry-after"])
    except (KeyError, ValueError):
        return _RETRY_AFTER_S
    return seconds if 0 < seconds <= _LONGEST_RETRY_S else _RETRY_AFTER_S
