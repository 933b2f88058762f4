"""What a failed call to the chat upstream means to our own caller."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import openai
from synapse_common.errors import (
    DeadlineExceeded,
    Internal,
    InvalidInput,
    ResourceExhausted,
    SynapseError,
    Unavailable,
)
from synapse_common.logs import get_logger

from synapse_gateway.clients.upstream_answers import nonsense

_log = get_logger(__name__)
_RETRY_S = 1.0
_SLOW = "the chat upstream did not answer in time"


@contextmanager
def upstream_errors() -> Iterator[None]:
    """Turn the errors of the openai SDK, and what it lets through, into ours.

    Raises:
        Unavailable: it cannot be reached, fails, refuses our key (logged: the operator must act), or answers nonsense.
        DeadlineExceeded: no answer in time.
        ResourceExhausted: it limits our rate.
        InvalidInput: the conversation is too long for the model.
        Internal: it refuses our request for another reason.
    """
    try:
        yield
    except TimeoutError:
        raise DeadlineExceeded(_SLOW) from None
    except openai.APIStatusError as error:
        raise _refusal(error) from None
    except openai.APIConnectionError as error:  # covers the SDK's own timeouts
        if isinstance(error, openai.APITimeoutError):
            raise DeadlineExceeded(_SLOW) from None
        raise Unavailable("the chat upstream cannot be reached; try again", retry_after_s=_RETRY_S) from None
    except openai.APIError:  # an error event inside a stream
        raise Unavailable("the chat upstream failed midway; try again", retry_after_s=_RETRY_S) from None
    except ValueError:  # what the SDK lets through: JSON and UTF-8 that cannot be decoded
        raise nonsense("not JSON") from None


def _refusal(error: openai.APIStatusError) -> SynapseError:
    status = error.status_code
    if status == 429:
        return ResourceExhausted("the chat upstream limits our rate; try again", retry_after_s=_retry_after(error))
    if status in (401, 403):
        _log.error("the chat upstream refuses our key", status=status)
        return Unavailable("the chat upstream does not let the gateway in; its operator must act")
    if error.code == "context_length_exceeded":
        return InvalidInput("the conversation is too long for the model", field="messages")
    if status >= 500 or status in (408, 409):
        return Unavailable("the chat upstream failed; try again", retry_after_s=_RETRY_S)
    return Internal(f"the chat upstream refused the request with status {status}, code {error.code}")


def _retry_after(error: openai.APIStatusError) -> float:
    try:
        return max(0.0, float(error.response.headers["retry-after"]))
    except (KeyError, ValueError):
        return _RETRY_S
