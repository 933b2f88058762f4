from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from synapse_common.server.wrap import AroundInterceptor, Context


async def unary_unary(request: bytes, context: Any) -> bytes:
    return request


async def stream_unary(requests: AsyncIterator[bytes], context: Any) -> bytes:
    return b"".join([request async for request in requests])


async def unary_stream(request: bytes, context: Any) -> AsyncIterator[bytes]:
    for number in request:
        yield bytes([number])


async def stream_stream(requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
    async for request in requests:
        yield request


HANDLERS = {
    "unary_unary": grpc.unary_unary_rpc_method_handler(unary_unary),
    "stream_unary": grpc.stream_unary_rpc_method_handler(stream_unary),
    "unary_stream": grpc.unary_stream_rpc_method_handler(unary_stream),
    "stream_stream": grpc.stream_stream_rpc_method_handler(stream_stream),
}


@pytest.mark.parametrize("kind", HANDLERS)
async def test_code_runs_around_each_kind_of_call_from_first_to_last(kind: str) -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def around(method: str, context: Context) -> AsyncIterator[None]:
        seen.append(f"before {method}")
        yield
        seen.append(f"after {method}")

    server = grpc.aio.server(interceptors=[AroundInterceptor(around)])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Kinds", HANDLERS),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = getattr(channel, kind)(f"/test.Kinds/{kind}")
        answer = call(iter([b"a", b"b"]) if kind.startswith("stream") else b"ab")
        received = b"".join([part async for part in answer]) if kind.endswith("stream") else await answer
    await server.stop(None)

    assert received == b"ab"
    assert seen == [f"before /test.Kinds/{kind}", f"after /test.Kinds/{kind}"]
