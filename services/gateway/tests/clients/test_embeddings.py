from collections.abc import AsyncIterator

import grpc
import pytest
from gateway_fakes.peers import FakeEmbeddingsProxy
from synapse.v1 import embeddings_pb2_grpc
from synapse_common.errors import InvalidInput, NotFound, ResourceExhausted, SynapseError, Unavailable
from synapse_common.server.errors import map_errors
from synapse_common.server.wrap import AroundInterceptor
from synapse_gateway.clients.embeddings import EmbeddingsClient
from synapse_gateway.deadline import Deadline

Proxy = tuple[FakeEmbeddingsProxy, EmbeddingsClient]


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    fake = FakeEmbeddingsProxy()
    server = grpc.aio.server(interceptors=[AroundInterceptor(map_errors)])
    embeddings_pb2_grpc.add_EmbeddingsServiceServicer_to_server(fake, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield fake, EmbeddingsClient(channel, 5)
    await server.stop(None)


async def test_a_request_is_forwarded_and_answered_in_order(proxy: Proxy) -> None:
    response = await proxy[1].embed(["a", "bbb"], "m", 4, Deadline())
    assert [list(item.values) for item in response.embeddings] == [[1.0], [3.0]]
    assert (proxy[0].requests[0].model, proxy[0].requests[0].dimensions) == ("m", 4)


@pytest.mark.parametrize("error", [InvalidInput("bad", field="dimensions"), NotFound("none", field="dimensions")])
async def test_the_proxys_own_rules_are_the_callers_to_keep(proxy: Proxy, error: SynapseError) -> None:
    proxy[0].refuses_with = error
    with pytest.raises(InvalidInput, match=error.message) as caught:
        await proxy[1].embed(["a"], "", 9, Deadline())
    assert caught.value.field == "dimensions"


@pytest.mark.parametrize("error", [Unavailable("away"), ResourceExhausted("full", retry_after_s=7)])
async def test_its_troubles_stay_what_they_are(proxy: Proxy, error: SynapseError) -> None:
    proxy[0].refuses_with = error
    with pytest.raises(type(error)) as caught:
        await proxy[1].embed(["a"], "", 0, Deadline())
    assert caught.value.retry_after_s == (error.retry_after_s or 1)
