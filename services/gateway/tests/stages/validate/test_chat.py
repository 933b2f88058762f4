import pytest
from gateway_fakes.exchanges import chat
from synapse_common.errors import InvalidInput
from synapse_gateway.exchange import ChatExchange, Role
from synapse_gateway.settings import LimitSettings
from synapse_gateway.stages.validate.chat import ValidateChat

LIMITS = LimitSettings(max_messages=3, max_text_chars=10, max_tokens=50)


def changed(**values: object) -> ChatExchange:
    exchange = chat("hi")
    for name, value in values.items():
        setattr(exchange, name, value)
    return exchange


@pytest.mark.parametrize(
    "exchange",
    [
        chat("hi"),
        chat((Role.SYSTEM, "s"), (Role.ASSISTANT, "a"), "0123456789"),
        changed(temperature=2.0, max_tokens=50),
    ],
)
async def test_what_keeps_the_rules_passes(exchange: ChatExchange) -> None:
    await ValidateChat(LIMITS)(exchange)


@pytest.mark.parametrize(
    ("exchange", "field"),
    [
        (chat(), "messages"),
        (chat("1", "2", "3", "4"), "messages"),
        (chat("hi", (None, "hi")), "messages[1].role"),
        (chat("", "hi"), "messages[0].content"),
        (chat("\n\t "), "messages[0].content"),
        (chat("0123456789x"), "messages[0].content"),
        (chat("\ud800"), "messages[0].content"),
        (chat("hi", (Role.ASSISTANT, "bye")), "messages[1].role"),
        (chat((Role.SYSTEM, "hi")), "messages[0].role"),
        (changed(max_tokens=-1), "options.max_tokens"),
        (changed(max_tokens=51), "options.max_tokens"),
        (changed(temperature=-0.1), "options.temperature"),
        (changed(temperature=2.1), "options.temperature"),
        (changed(temperature=float("nan")), "options.temperature"),
        (changed(conversation_id="a b"), "conversation_id"),
        (changed(conversation_id="x" * 201), "conversation_id"),
    ],
)
async def test_what_breaks_one_is_refused_by_name(exchange: ChatExchange, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await ValidateChat(LIMITS)(exchange)
    assert caught.value.field == field
