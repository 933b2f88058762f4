from gateway_fakes.exchanges import chat
from synapse_gateway.stages.mask_output import MaskOutput


async def test_windows_are_masked_and_released_with_the_exchanges_numbering() -> None:
    exchange = chat("hi")
    exchange.masker.mask("ana@example.com")
    exchange.windows = ["Ask rui@example.com ", "or ana@example.com."]
    await MaskOutput()(exchange)
    assert exchange.released == ["Ask <EMAIL_2> ", "or <EMAIL_1>."]
    assert exchange.masked_output == 2
    assert exchange.shown == "Ask rui@example.com or ana@example.com."
    assert exchange.windows == []
