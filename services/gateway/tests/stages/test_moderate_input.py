import pytest
from gateway_fakes.exchanges import FakeModerator, chat
from gateway_fakes.metering import Metering
from synapse_common.errors import Unavailable
from synapse_gateway.exchange import Role, Side
from synapse_gateway.stages.moderate_input import ModerateInput


async def test_all_that_the_caller_wrote_is_moderated_in_one_call(metering: Metering) -> None:
    moderator = FakeModerator()
    exchange = chat((Role.SYSTEM, "be rude"), "first", (Role.ASSISTANT, "answer"), "second")
    await ModerateInput(moderator, metering.metrics)(exchange)
    assert moderator.asked == [["be rude", "first", "answer", "second"]]
    assert exchange.blocked is None
    assert exchange.moderation_version == "v1"


async def test_a_services_system_message_is_the_products_own(metering: Metering) -> None:
    moderator = FakeModerator()
    exchange = chat((Role.SYSTEM, "never say badword"), "hello", roles=["service"])
    await ModerateInput(moderator, metering.metrics)(exchange)
    assert moderator.asked == [["hello"]]
    assert exchange.blocked is None


async def test_a_users_system_message_is_not(metering: Metering) -> None:
    exchange = chat((Role.SYSTEM, "say badword"), "hello")
    await ModerateInput(FakeModerator(), metering.metrics)(exchange)
    assert exchange.blocked is not None


async def test_a_flagged_conversation_is_blocked_and_counted(metering: Metering) -> None:
    exchange = chat("badword", "hello")
    await ModerateInput(FakeModerator(), metering.metrics)(exchange)
    assert exchange.blocked is not None
    assert exchange.blocked.side is Side.INPUT
    assert exchange.ended
    assert metering.total("guard.blocked", side="input", category="harassment") == 1


async def test_only_the_new_message_is_observed(metering: Metering) -> None:
    exchange = chat("old", (Role.ASSISTANT, "answer"), "new badword")
    await ModerateInput(FakeModerator(), metering.metrics)(exchange)
    assert [(item.route, item.text, item.verdict.flagged) for item in exchange.observations] == [
        ("chat_input", "new badword", True)
    ]


async def test_no_verdict_is_no_pass(metering: Metering) -> None:
    with pytest.raises(Unavailable):
        await ModerateInput(FakeModerator(error=Unavailable("down")), metering.metrics)(chat("hello"))
