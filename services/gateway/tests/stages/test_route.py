import pytest
from gateway_fakes.exchanges import chat
from synapse_common.errors import InvalidInput
from synapse_gateway.settings import UpstreamSettings
from synapse_gateway.stages.route import Route, aliases_of

SETTINGS = UpstreamSettings(base_url="http://127.0.0.1:1/v1", model="big", aliases={"fast": "small"})


@pytest.mark.parametrize(("alias", "model"), [("", "big"), ("chat", "big"), ("fast", "small")])
async def test_an_alias_leads_to_its_model(alias: str, model: str) -> None:
    exchange = chat("hi")
    exchange.model = alias
    await Route(aliases_of(SETTINGS))(exchange)
    assert exchange.upstream_model == model


async def test_the_upstreams_own_names_are_no_aliases() -> None:
    exchange = chat("hi")
    exchange.model = "big"
    with pytest.raises(InvalidInput, match="chat, fast") as caught:
        await Route(aliases_of(SETTINGS))(exchange)
    assert caught.value.field == "model"
