from gateway_fakes.exchanges import FakeModerator, batch
from synapse_gateway.stages.moderate_batch import ModerateBatch


async def test_verdicts_keep_the_order_and_are_observed() -> None:
    exchange = batch("fine", "badword")
    await ModerateBatch(FakeModerator())(exchange)
    assert [verdict.flagged for verdict in exchange.verdicts] == [False, True]
    assert [(item.route, item.text) for item in exchange.observations] == [
        ("moderate", "fine"),
        ("moderate", "badword"),
    ]
    assert not exchange.ended
