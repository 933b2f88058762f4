"""Requests that cannot be decoded are the caller's fault, and say so.

gRPC decodes a request before any interceptor sees it, and answers INTERNAL when that fails. Here decoding is moved into
the call, so that text which is not UTF-8 (protobuf refuses it) ends as INVALID_ARGUMENT like every other bad input.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from synapse_common.errors import InvalidInput
from synapse_common.server.wrap import Context

Decoder = Callable[[bytes], Any]


class DecodeInterceptor(grpc.aio.ServerInterceptor):
    """Decodes requests inside the call. Must stand after the interceptor that maps errors."""

    async def intercept_service(
        self, continuation: Callable[[grpc.HandlerCallDetails], Any], handler_call_details: grpc.HandlerCallDetails
    ) -> Any:
        """Wrap the handler that `continuation` finds; None (an unknown method) stays None."""
        handler = await continuation(handler_call_details)
        if handler is None or handler.request_deserializer is None:
            return handler
        decoder: Decoder = handler.request_deserializer
        if handler.unary_unary:
            return handler._replace(request_deserializer=None, unary_unary=_unary(handler.unary_unary, decoder))
        if handler.unary_stream:
            return handler._replace(request_deserializer=None, unary_stream=_stream(handler.unary_stream, decoder))
        name = "stream_unary" if handler.stream_unary else "stream_stream"
        return handler._replace(request_deserializer=None, **{name: _streamed(getattr(handler, name), decoder)})


def _decode(decoder: Decoder, content: bytes) -> Any:
    try:
        return decoder(content)
    except DecodeError:
        raise InvalidInput(
            "the request cannot be decoded: it is not this method's message, or its text is not UTF-8"
        ) from None


def _unary(behaviour: Callable[..., Any], decoder: Decoder) -> Callable[..., Any]:
    async def call(content: bytes, context: Context) -> Any:
        return await behaviour(_decode(decoder, content), context)

    return call


def _stream(behaviour: Callable[..., Any], decoder: Decoder) -> Callable[..., Any]:
    async def call(content: bytes, context: Context) -> AsyncIterator[Any]:
        async with aclosing(behaviour(_decode(decoder, content), context)) as responses:
            async for response in responses:
                yield response

    return call


def _streamed(behaviour: Callable[..., Any], decoder: Decoder) -> Callable[..., Any]:
    """For handlers that take a stream: they get an iterator that decodes; what they return is passed on as it is."""

    def call(contents: AsyncIterator[bytes], context: Context) -> Any:
        return behaviour(_decoded(contents, decoder), context)

    return call


async def _decoded(contents: AsyncIterator[bytes], decoder: Decoder) -> AsyncIterator[Any]:
    async for content in contents:
        yield _decode(decoder, content)
