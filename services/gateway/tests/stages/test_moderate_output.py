from gateway_fakes.exchanges import FakeModerator, chat
from gateway_fakes.metering import Metering
from synapse_gateway.exchange import Side
from synapse_gateway.stages.moderate_output import ModerateOutput


async def test_each_window_is_moderated_behind_the_end_of_what_came_before(metering: Metering) -> None:
    moderator = FakeModerator()
    exchange = chat("hi")
    exchange.shown = "These words came before. "
    exchange.windows = ["Then this. ", "And that."]
    await ModerateOutput(moderator, 15, metering.metrics)(exchange)
    assert moderator.asked == [["came before. Then this. ", "Then this. And that."]]
    assert exchange.windows == ["Then this. ", "And that."]


async def test_harm_that_only_the_tail_makes_visible_is_found(metering: Metering) -> None:
    exchange = chat("hi")
    exchange.shown = "you are a bad "
    exchange.windows = ["apple."]
    await ModerateOutput(FakeModerator(bad=["bad apple"]), 100, metering.metrics)(exchange)
    assert exchange.blocked is not None


async def test_one_flagged_window_withholds_all_that_wait(metering: Metering) -> None:
    exchange = chat("hi")
    exchange.windows = ["fine. ", "badword. ", "fine."]
    await ModerateOutput(FakeModerator(), 0, metering.metrics)(exchange)
    assert exchange.windows == []
    assert exchange.blocked is not None
    assert exchange.blocked.side is Side.OUTPUT
    assert metering.total("guard.blocked", side="output", category="harassment") == 1
    assert [item.text for item in exchange.observations] == ["fine. ", "badword. ", "fine."]


async def test_without_a_tail_the_window_stands_alone(metering: Metering) -> None:
    moderator = FakeModerator()
    exchange = chat("hi")
    exchange.shown, exchange.windows = "before ", ["now"]
    await ModerateOutput(moderator, 0, metering.metrics)(exchange)
    assert moderator.asked == [["now"]]
