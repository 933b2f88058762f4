from gateway_fakes.exchanges import chat
from gateway_fakes.upstream import FakeUpstream, says
from synapse_gateway.clients.upstream import ChatUpstream
from synapse_gateway.exchange import ChatExchange, Message, Role, Side
from synapse_gateway.settings import StreamSettings, UpstreamSettings
from synapse_gateway.stages.upstream import Upstream
from synapse_gateway.windows import split_windows


async def answered(upstream: FakeUpstream) -> ChatExchange:
    exchange = chat("hi")
    exchange.outgoing = [Message(Role.USER, "hi")]
    client = ChatUpstream(UpstreamSettings(base_url=upstream.base_url), 1000)
    await Upstream(client, StreamSettings())(exchange)
    await client.close()
    return exchange


async def test_the_answer_lies_in_the_windows_that_a_stream_would_have() -> None:
    text = "This is a sentence that is long enough for a window. " * 3
    async with FakeUpstream() as upstream:
        upstream.reply = says(text)
        exchange = await answered(upstream)
    assert exchange.answer.content == text
    assert exchange.windows == split_windows(text, StreamSettings())
    assert len(exchange.windows) == 3


async def test_what_the_upstream_withheld_is_blocked() -> None:
    async with FakeUpstream() as upstream:
        upstream.reply = says("half an", finish="content_filter")
        exchange = await answered(upstream)
    assert exchange.windows == []
    assert exchange.blocked is not None
    assert exchange.blocked.side is Side.OUTPUT
    assert exchange.blocked.verdict is None
