from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from synapse_common.server.decode import DecodeInterceptor
from synapse_common.server.errors import map_errors
from synapse_common.server.wrap import AroundInterceptor

NOT_UTF8 = b"\x0a\x02\xff\xfe"
GOOD = StringValue(value="olá").SerializeToString()


class _Echo(grpc.GenericRpcHandler):
    """One method of each kind; each answers with the values it was sent."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        async def one(request: StringValue, context: Any) -> StringValue:
            return request

        async def many(request: StringValue, context: Any) -> AsyncIterator[StringValue]:
            yield request

        async def joined(requests: AsyncIterator[StringValue], context: Any) -> StringValue:
            return StringValue(value="".join([request.value async for request in requests]))

        async def each(requests: AsyncIterator[StringValue], context: Any) -> AsyncIterator[StringValue]:
            async for request in requests:
                yield request

        codec = {
            "request_deserializer": StringValue.FromString,
            "response_serializer": StringValue.SerializeToString,
        }
        return {
            "/test.Echo/UnaryUnary": grpc.unary_unary_rpc_method_handler(one, **codec),
            "/test.Echo/UnaryStream": grpc.unary_stream_rpc_method_handler(many, **codec),
            "/test.Echo/StreamUnary": grpc.stream_unary_rpc_method_handler(joined, **codec),
            "/test.Echo/StreamStream": grpc.stream_stream_rpc_method_handler(each, **codec),
        }.get(handler_call_details.method)


@pytest.fixture
async def channel() -> AsyncIterator[grpc.aio.Channel]:
    server = grpc.aio.server(interceptors=[AroundInterceptor(map_errors), DecodeInterceptor()])
    server.add_generic_rpc_handlers([_Echo()])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as opened:
        yield opened
    await server.stop(0)


async def send(channel: grpc.aio.Channel, kind: str, content: bytes) -> bytes:
    path = f"/test.Echo/{kind}"
    if kind == "UnaryUnary":
        return await channel.unary_unary(path)(content)
    if kind == "StreamUnary":
        return await channel.stream_unary(path)(iter([content]))
    call = (
        channel.unary_stream(path)(content) if kind == "UnaryStream" else channel.stream_stream(path)(iter([content]))
    )
    return b"".join([response async for response in call])


KINDS = ["UnaryUnary", "UnaryStream", "StreamUnary", "StreamStream"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_good_request_reaches_every_kind_of_handler(channel: grpc.aio.Channel, kind: str) -> None:
    assert StringValue.FromString(await send(channel, kind, GOOD)).value == "olá"


@pytest.mark.parametrize("kind", KINDS)
async def test_text_that_is_not_utf8_is_the_callers_fault(channel: grpc.aio.Channel, kind: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await send(channel, kind, NOT_UTF8)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "UTF-8" in (caught.value.details() or "")


async def test_an_unknown_method_stays_unimplemented(channel: grpc.aio.Channel) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await channel.unary_unary("/test.Echo/Nothing")(GOOD)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
