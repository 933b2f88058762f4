"""One way to run code around any of gRPC's four kinds of handler."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any, TypeAlias

import grpc

Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]
# Runs around one call: receives the full method name and the call's context.
Around = Callable[[str, Context], AbstractAsyncContextManager[None]]


class AroundInterceptor(grpc.aio.ServerInterceptor):
    """Runs an async context manager around each call, from its first byte to its last."""

    def __init__(self, around: Around) -> None:
        self._around = around

    async def intercept_service(
        self, continuation: Callable[[grpc.HandlerCallDetails], Any], handler_call_details: grpc.HandlerCallDetails
    ) -> Any:
        """Wrap the handler that `continuation` finds; None (an unknown method) stays None."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method: str = handler_call_details.method
        # gRPC's handler is a named tuple with one of four behaviours set.
        if handler.unary_unary:
            return handler._replace(unary_unary=self._unary(handler.unary_unary, method))
        if handler.stream_unary:
            return handler._replace(stream_unary=self._unary(handler.stream_unary, method))
        if handler.unary_stream:
            return handler._replace(unary_stream=self._stream(handler.unary_stream, method))
        return handler._replace(stream_stream=self._stream(handler.stream_stream, method))

    def _unary(self, behaviour: Callable[..., Any], method: str) -> Callable[..., Any]:
        async def call(request: Any, context: Context) -> Any:
            async with self._around(method, context):
                return await behaviour(request, context)

        return call

    def _stream(self, behaviour: Callable[..., Any], method: str) -> Callable[..., Any]:
        async def call(request: Any, context: Context) -> AsyncIterator[Any]:
            # aclosing: a caller that goes away between two messages must end the handler now, not at garbage collection
            async with self._around(method, context), aclosing(behaviour(request, context)) as responses:
                async for response in responses:
                    yield response

        return call
