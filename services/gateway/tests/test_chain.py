from dataclasses import dataclass, field

import pytest
from gateway_fakes.exchanges import chat, verdict
from gateway_fakes.metering import Metering
from synapse_common.errors import InvalidInput, Unavailable
from synapse_gateway.chain import Chain, FailOpen
from synapse_gateway.exchange import Blocked, ChatExchange, Side


@dataclass
class Step:
    name: str
    error: Exception | None = None
    blocks: bool = False
    ran: list[str] = field(default_factory=list)

    async def __call__(self, exchange: ChatExchange) -> None:
        self.ran.append(self.name)
        if self.error is not None:
            raise self.error
        if self.blocks:
            exchange.blocked = Blocked(Side.INPUT, verdict("hate"))


def steps(*given: Step) -> list[str]:
    ran: list[str] = []
    for step in given:
        step.ran = ran
    return ran


async def test_stages_run_in_order_and_are_timed(metering: Metering) -> None:
    given = [Step("one"), Step("two"), Step("three")]
    ran = steps(*given)
    chain = Chain(given, metering.metrics)
    await chain.run(chat("hi"))
    assert ran == ["one", "two", "three"] == list(chain.names)
    assert metering.total("guard.stage.duration", stage="two", outcome="passed") == 1


async def test_a_settled_exchange_goes_no_further(metering: Metering) -> None:
    given = [Step("one", blocks=True), Step("two")]
    ran = steps(*given)
    await Chain(given, metering.metrics).run(chat("hi"))
    assert ran == ["one"]
    assert metering.total("guard.stage.duration", stage="one", outcome="blocked") == 1


async def test_an_error_ends_the_chain_and_is_counted_by_its_status(metering: Metering) -> None:
    given = [Step("one", error=InvalidInput("no")), Step("two")]
    ran = steps(*given)
    with pytest.raises(InvalidInput):
        await Chain(given, metering.metrics).run(chat("hi"))
    assert ran == ["one"]
    assert metering.total("guard.stage.duration", outcome="invalid_argument") == 1


async def test_a_fault_is_counted_as_failed(metering: Metering) -> None:
    with pytest.raises(ZeroDivisionError):
        await Chain([Step("one", error=ZeroDivisionError())], metering.metrics).run(chat("hi"))
    assert metering.total("guard.stage.duration", outcome="failed") == 1


async def test_failing_open_goes_on_after_an_outage_and_counts_it(metering: Metering) -> None:
    stage = FailOpen(Step("limit", error=Unavailable("down")), (Unavailable,), metering.metrics)
    await Chain([stage], metering.metrics).run(chat("hi"))
    assert metering.total("guard.stage.failed_open", stage="limit") == 1


async def test_failing_open_does_not_swallow_a_refusal(metering: Metering) -> None:
    stage = FailOpen(Step("limit", error=InvalidInput("no")), (Unavailable,), metering.metrics)
    with pytest.raises(InvalidInput):
        await stage(chat("hi"))
    assert metering.total("guard.stage.failed_open") == 0
