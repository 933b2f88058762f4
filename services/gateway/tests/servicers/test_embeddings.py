import grpc
import pytest
from gateway_fakes.system import System
from synapse.v1 import embeddings_pb2 as pb
from synapse_common.errors import InvalidInput


async def test_texts_are_guarded_and_forwarded(system: System) -> None:
    request = pb.EmbedRequest(inputs=["a\u200bb", "ana@example.com"], model="m", dimensions=3)
    async with system.client() as client:
        response = await client.embeddings.Embed(request)
    assert list(system.embeddings.requests[0].inputs) == ["ab", "<EMAIL_1>"]
    assert system.embeddings.requests[0].dimensions == 3
    assert [list(item.values) for item in response.embeddings] == [[2.0], [9.0]]
    assert (response.model, response.prompt_tokens) == ("m", 7)


@pytest.mark.parametrize("bad", [pb.EmbedRequest(), pb.EmbedRequest(inputs=[" "]), pb.EmbedRequest(inputs=["a"] * 65)])
async def test_a_broken_rule_stops_here(system: System, bad: pb.EmbedRequest) -> None:
    async with system.client() as client:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await client.embeddings.Embed(bad)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert system.embeddings.requests == []


async def test_the_proxys_refusal_reaches_the_caller(system: System) -> None:
    system.embeddings.refuses_with = InvalidInput("too many dimensions", field="dimensions")
    async with system.client() as client:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await client.embeddings.Embed(pb.EmbedRequest(inputs=["a"], dimensions=9))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details() == "too many dimensions"


async def test_a_proxy_that_is_down_is_unavailable(system: System) -> None:
    await system.backends["embeddings"].stop()
    async with system.client() as client:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await client.embeddings.Embed(pb.EmbedRequest(inputs=["a"]))
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
