import pytest
from gateway_fakes.exchanges import batch, chat
from synapse_common.errors import InvalidInput
from synapse_gateway.exchange import Role
from synapse_gateway.stages.sanitise import Sanitise


async def test_every_text_of_the_request_is_cleaned_and_roles_stay() -> None:
    exchange = chat((Role.SYSTEM, "be\u200b kind"), "he\u202ello\n")
    await Sanitise()(exchange)
    assert [(message.role, message.content) for message in exchange.messages] == [
        (Role.SYSTEM, "be kind"),
        (Role.USER, "hello\n"),
    ]


async def test_a_text_of_which_nothing_is_left_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput) as caught:
        await Sanitise()(batch("fine", "\u200b \u2060"))
    assert caught.value.field == "texts[1]"
