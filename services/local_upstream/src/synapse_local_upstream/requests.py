"""Request bodies, checked. Names that are not here are refused: nothing is accepted and then ignored in silence."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.requests import Request

from synapse_local_upstream.errors import ApiError

_MAX_BODY_BYTES = 8 * 1024 * 1024

Text = Annotated[str, StringConstraints(min_length=1)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EmbeddingsBody(_Body):
    """Body of ``POST /v1/embeddings``. Token arrays are not taken: callers cannot know this model's tokens."""

    model: str
    input: Text | Annotated[list[Text], Field(min_length=1)]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = Field(None, ge=1)
    user: str | None = None

    @property
    def texts(self) -> list[str]:
        """The texts to embed, in order."""
        return [self.input] if isinstance(self.input, str) else self.input


class TextPart(_Body):
    """One piece of a message's content."""

    type: Literal["text"]
    text: str


class Message(_Body):
    """One message of a conversation."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart]
    name: str | None = None

    @property
    def text(self) -> str:
        """The content as one string."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content)


class StreamOptions(_Body):
    """What a stream carries besides the answer."""

    include_usage: bool = False


class ChatBody(_Body):
    """Body of ``POST /v1/chat/completions``.

    `temperature`, `top_p` and `seed` are checked and have no effect: a retrieved answer is the same at any of them.
    """

    model: str
    messages: list[Message] = Field(min_length=1)
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    seed: int | None = None
    n: Literal[1] = 1
    user: str | None = None

    @property
    def limit(self) -> int | None:
        """The most tokens the answer may have; None for no limit."""
        return self.max_completion_tokens or self.max_tokens

    @property
    def question(self) -> str:
        """The last user message.

        Raises:
            ApiError: there is none, or it is blank.
        """
        for index in range(len(self.messages) - 1, -1, -1):
            if self.messages[index].role == "user":
                if not self.messages[index].text.strip():
                    raise ApiError("The user message is empty", param=f"messages.{index}.content")
                return self.messages[index].text
        raise ApiError("There is no user message to answer", param="messages")


B = TypeVar("B", bound=_Body)


async def parse(request: Request, kind: type[B]) -> B:
    """Read and check a request's body.

    Raises:
        ApiError: too large (413), not JSON or not of this shape (400, naming the parameter).
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY_BYTES:
            raise ApiError(f"The body is over {_MAX_BODY_BYTES} bytes", status=413)
    try:
        return kind.model_validate_json(bytes(body))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        param = ".".join(str(part) for part in first["loc"]) or None
        raise ApiError(f"{param or 'body'}: {first['msg']}", param=param) from None
