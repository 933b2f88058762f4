import pytest
from gateway_fakes.exchanges import batch
from synapse_common.errors import InvalidInput
from synapse_gateway.stages.validate.moderation_model import ValidateModerationModel


@pytest.mark.parametrize("name", ["", "moderation"])
async def test_the_model_there_is_passes(name: str) -> None:
    exchange = batch("a")
    exchange.model = name
    await ValidateModerationModel()(exchange)


async def test_another_is_refused() -> None:
    exchange = batch("a")
    exchange.model = "clustering"
    with pytest.raises(InvalidInput) as caught:
        await ValidateModerationModel()(exchange)
    assert caught.value.field == "model"
