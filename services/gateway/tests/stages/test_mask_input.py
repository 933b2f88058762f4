from gateway_fakes.exchanges import batch, chat
from synapse_gateway.exchange import Role
from synapse_gateway.stages.mask_input import MaskBatch, MaskInput


async def test_what_the_caller_wrote_is_masked_with_one_numbering() -> None:
    exchange = chat("I am ana@example.com", (Role.ASSISTANT, "Hi ana@example.com"), "no, rui@example.com")
    await MaskInput()(exchange)
    assert [message.content for message in exchange.outgoing] == ["I am <EMAIL_1>", "Hi <EMAIL_1>", "no, <EMAIL_2>"]
    assert exchange.masked_input == 3
    assert exchange.messages[0].content == "I am ana@example.com"


async def test_the_products_own_system_message_goes_as_it_is() -> None:
    text = "Support is help@example.com"
    from_service = chat((Role.SYSTEM, text), "hi", roles=["service"])
    await MaskInput()(from_service)
    assert from_service.outgoing[0].content == text
    from_user = chat((Role.SYSTEM, text), "hi")
    await MaskInput()(from_user)
    assert from_user.outgoing[0].content == "Support is <EMAIL_1>"


async def test_the_texts_of_a_batch_are_masked_each_on_its_own() -> None:
    exchange = batch("ana@example.com", "rui@example.com")
    await MaskBatch()(exchange)
    assert exchange.batch == ["<EMAIL_1>", "<EMAIL_1>"]
