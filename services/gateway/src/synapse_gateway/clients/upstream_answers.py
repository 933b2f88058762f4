"""What an OpenAI-compatible server may answer, as far as the gateway reads it; anything else is nonsense."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints, ValidationError
from synapse_common.errors import Unavailable

from synapse_gateway.exchange import Finish, Usage
from synapse_gateway.text_cleaning import clean

_Tokens = Annotated[int, Field(ge=0, lt=2**31)]


class _Usage(BaseModel):
    prompt_tokens: _Tokens = 0
    completion_tokens: _Tokens = 0


class _Text(BaseModel):
    content: str | None = None


class _WholeChoice(BaseModel):
    message: _Text
    finish_reason: str | None = None


class _PieceChoice(BaseModel):
    delta: _Text
    finish_reason: str | None = None


class _Base(BaseModel):
    model: Annotated[str, StringConstraints(max_length=200)] = ""
    usage: _Usage | None = None


class _Whole(_Base):
    choices: Annotated[list[_WholeChoice], Field(min_length=1)]


class _Piece(_Base):
    choices: list[_PieceChoice]


class Reply(BaseModel):
    """A whole answer, or one piece of a streamed one, cleaned of invisible characters."""

    model: str
    text: str
    finish: Finish | None
    usage: Usage | None


def nonsense(what: str) -> Unavailable:
    """The error for an upstream that answers something else than OpenAI's API says."""
    return Unavailable(f"the chat upstream answered nonsense ({what}); try again", retry_after_s=1)


def parse_whole(body: bytes) -> Reply:
    """Parse a chat completion.

    Raises:
        Unavailable: it is none.
    """
    try:
        whole = _Whole.model_validate_json(body)
    except ValidationError:
        raise nonsense("not a chat completion") from None
    choice = whole.choices[0]
    return _reply(whole, choice.message.content, choice.finish_reason)


def parse_piece(event: Any) -> Reply:
    """Parse one event of a stream, as the openai SDK gives it. A piece without choices carries the usage only.

    Raises:
        Unavailable: it is none.
    """
    try:
        piece = _Piece.model_validate(event.model_dump(warnings=False) if isinstance(event, BaseModel) else event)
    except ValidationError:
        raise nonsense("not a chat completion chunk") from None
    if not piece.choices:
        return _reply(piece, None, None)
    return _reply(piece, piece.choices[0].delta.content, piece.choices[0].finish_reason)


def _reply(answer: _Base, text: str | None, finish: str | None) -> Reply:
    usage = Usage(answer.usage.prompt_tokens, answer.usage.completion_tokens) if answer.usage else None
    return Reply(model=clean(answer.model), text=clean(text or ""), finish=_finish(finish), usage=usage)


def _finish(reason: str | None) -> Finish | None:
    """Servers have reasons of their own for a complete answer (``eos``, ``stop_sequence``): all but two mean stop."""
    if reason is None:
        return None
    return {"length": Finish.LENGTH, "content_filter": Finish.CONTENT_FILTER}.get(reason, Finish.STOP)
