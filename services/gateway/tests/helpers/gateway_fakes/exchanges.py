"""Exchanges and verdicts for tests of single stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from synapse_common.errors import SynapseError
from synapse_common.taxonomy import CATEGORIES
from synapse_gateway.deadline import Deadline
from synapse_gateway.exchange import BatchExchange, Call, Caller, ChatExchange, Message, Role
from synapse_gateway.verdict import CategoryScore, Verdict


def call(*roles: str, method: str = "/synapse.v1.ChatService/Complete", subject: str = "ana") -> Call:
    return Call(method, None, Deadline(), Caller(subject, frozenset(roles or ("user",))))


def chat(*contents: str | tuple[Role | None, str], roles: Sequence[str] = ("user",)) -> ChatExchange:
    """Plain strings are the user's messages."""
    messages = [Message(Role.USER, item) if isinstance(item, str) else Message(*item) for item in contents]
    return ChatExchange(call(*roles), messages, model="", conversation_id="c1", message_id="m1")


def batch(*texts: str, field_name: str = "texts") -> BatchExchange:
    return BatchExchange(call("service"), field_name, list(texts), "")


def verdict(*hits: str, version: str = "v1") -> Verdict:
    scores = tuple(CategoryScore(name, 0.9 if name in hits else 0.1, name in hits) for name in CATEGORIES)
    return Verdict(bool(hits), scores, version)


@dataclass
class FakeModerator:
    """Flags texts that hold one of `bad` as harassment; remembers what it was asked."""

    bad: Sequence[str] = ("badword",)
    error: SynapseError | None = None
    asked: list[list[str]] = field(default_factory=list)

    async def moderate(self, texts: Sequence[str], deadline: Deadline) -> list[Verdict]:
        self.asked.append(list(texts))
        if self.error is not None:
            raise self.error
        return [verdict(*(["harassment"] if any(word in text for word in self.bad) else [])) for text in texts]
