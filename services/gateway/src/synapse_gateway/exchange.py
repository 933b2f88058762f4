"""What travels through the guard chain: one object for a call, filled in by the stages on its way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from synapse_common.errors import Internal
from synapse_common.pii import Masker

from synapse_gateway.deadline import Deadline
from synapse_gateway.roles import SERVICE
from synapse_gateway.verdict import Observation, Verdict


class Role(Enum):
    """Who says a message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class Side(Enum):
    """Which half of an exchange was blocked."""

    INPUT = "input"
    OUTPUT = "output"


class Finish(Enum):
    """Why an answer ended."""

    STOP = "stop"
    LENGTH = "length"
    CONTENT_FILTER = "content_filter"


@dataclass(frozen=True)
class Caller:
    """Who calls, as proven by the token."""

    subject: str
    roles: frozenset[str]


@dataclass
class Call:
    """The call itself, apart from what it asks for."""

    method: str
    """Full gRPC name, for example ``/synapse.v1.ChatService/Complete``."""
    authorization: str | None
    deadline: Deadline
    authenticated: Caller | None = None

    @property
    def caller(self) -> Caller:
        """Who calls; only for stages behind `authenticate`."""
        if self.authenticated is None:
            raise Internal("a stage that needs the caller ran before authentication")
        return self.authenticated


@dataclass
class Exchange:
    """A call and what the chain learns about it; base of the kinds below."""

    call: Call
    observations: list[Observation] = field(default_factory=list, init=False)
    """What the record stage will tell the drift monitor."""

    @property
    def ended(self) -> bool:
        """Whether the answer is settled, so that no further stage runs."""
        return False


@dataclass(frozen=True)
class Message:
    """One message of a conversation. `role` is None when the request gave none."""

    role: Role | None
    content: str


@dataclass(frozen=True)
class Blocked:
    """Why an answer is withheld."""

    side: Side
    verdict: Verdict | None
    """None when the upstream itself withheld the answer."""


@dataclass(frozen=True)
class Usage:
    """Tokens, as counted by the upstream."""

    prompt_tokens: int
    completion_tokens: int


@dataclass
class Answer:
    """What the upstream said; while streaming, what it has said so far."""

    model: str = ""
    content: str = ""
    finish: Finish | None = None
    usage: Usage | None = None


@dataclass
class TextExchange(Exchange):
    """An exchange whose request carries texts from the caller."""

    def texts(self) -> Iterator[tuple[str, str]]:
        """Field path and text of each, for example ``("messages[0].content", "hi")``."""
        raise NotImplementedError

    def set_texts(self, texts: Sequence[str]) -> None:
        """Replace them, in the same order."""
        raise NotImplementedError


@dataclass
class ChatExchange(TextExchange):
    """One chat call, unary or streamed."""

    messages: list[Message]
    model: str
    conversation_id: str
    message_id: str
    max_tokens: int = 0
    temperature: float | None = None

    masker: Masker = field(default_factory=Masker, init=False)
    """Shared by input and answer: one value has one placeholder in the whole exchange."""
    outgoing: list[Message] = field(default_factory=list, init=False)
    """What the upstream will see."""
    upstream_model: str = field(default="", init=False)
    answer: Answer = field(default_factory=Answer, init=False)
    windows: list[str] = field(default_factory=list, init=False)
    """Pieces of the answer that wait for moderation, in order."""
    shown: str = field(default="", init=False)
    """The answer so far, as moderated and before masking."""
    released: list[str] = field(default_factory=list, init=False)
    """Moderated and masked pieces, ready for the caller."""
    blocked: Blocked | None = field(default=None, init=False)
    moderation_version: str = field(default="", init=False)
    masked_input: int = field(default=0, init=False)
    masked_output: int = field(default=0, init=False)

    @property
    def ended(self) -> bool:
        """Blocked: nothing further happens to it."""
        return self.blocked is not None

    def texts(self) -> Iterator[tuple[str, str]]:
        """The messages' contents."""
        for index, message in enumerate(self.messages):
            yield f"messages[{index}].content", message.content

    def set_texts(self, texts: Sequence[str]) -> None:
        """Replace the messages' contents."""
        self.messages = [Message(message.role, text) for message, text in zip(self.messages, texts, strict=True)]

    def is_operator_text(self, message: Message) -> bool:
        """Whether a message is the product's own instruction: a system message from a service, not from a user."""
        return message.role is Role.SYSTEM and SERVICE in self.call.caller.roles


@dataclass
class BatchExchange(TextExchange):
    """One call with a batch of texts: moderation or embeddings."""

    field_name: str
    """The request's name of the batch: ``texts`` or ``inputs``."""
    batch: list[str]
    model: str
    verdicts: list[Verdict] = field(default_factory=list, init=False)

    def texts(self) -> Iterator[tuple[str, str]]:
        """The batch."""
        for index, text in enumerate(self.batch):
            yield f"{self.field_name}[{index}]", text

    def set_texts(self, texts: Sequence[str]) -> None:
        """Replace the batch."""
        self.batch = list(texts)


@dataclass(frozen=True)
class UserFeatures:
    """Features of one user, by name."""

    user_id: str
    features: dict[str, float]


@dataclass
class UsersExchange(Exchange):
    """One call with users to assign to clusters."""

    users: list[UserFeatures]


@dataclass
class FeedbackExchange(Exchange):
    """One rating or report: exactly one of `rating` and `reason` is set by the servicer."""

    conversation_id: str
    message_id: str
    rating: int | None = None
    reason: str | None = None
    """Empty when the request gave none."""
