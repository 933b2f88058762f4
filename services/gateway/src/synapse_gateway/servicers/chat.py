"""synapse.v1.ChatService."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing

from synapse.v1 import chat_pb2 as pb
from synapse.v1 import chat_pb2_grpc as pb_grpc

from synapse_gateway.exchange import Blocked, ChatExchange, Finish, Message, Role, Side
from synapse_gateway.handlers.chat import ChatHandler
from synapse_gateway.servicers.call import Context, call_of
from synapse_gateway.servicers.scores import to_messages

SERVICE_NAME = pb.DESCRIPTOR.services_by_name["ChatService"].full_name

_ROLES = {pb.ROLE_SYSTEM: Role.SYSTEM, pb.ROLE_USER: Role.USER, pb.ROLE_ASSISTANT: Role.ASSISTANT}
_FINISH = {
    Finish.STOP: pb.FINISH_REASON_STOP,
    Finish.LENGTH: pb.FINISH_REASON_LENGTH,
    Finish.CONTENT_FILTER: pb.FINISH_REASON_CONTENT_FILTER,
}
_SIDES = {Side.INPUT: pb.Blocked.SIDE_INPUT, Side.OUTPUT: pb.Blocked.SIDE_OUTPUT}


class ChatServicer(pb_grpc.ChatServiceServicer):
    """Complete and Stream over one handler."""

    def __init__(self, handler: ChatHandler) -> None:
        self._handler = handler

    async def Complete(self, request: pb.CompleteRequest, context: Context) -> pb.CompleteResponse:  # noqa: N802
        """Answer in one message."""
        exchange = _exchange("Complete", request, context)
        await self._handler.complete(exchange)
        return pb.CompleteResponse(
            conversation_id=exchange.conversation_id,
            message_id=exchange.message_id,
            content="".join(exchange.released),
            finish_reason=_finish_reason(exchange),
            blocked=_blocked(exchange.blocked),
            usage=_usage(exchange),
            provenance=_provenance(exchange),
        )

    async def Stream(  # noqa: N802
        self, request: pb.StreamRequest, context: Context
    ) -> AsyncIterator[pb.StreamResponse]:
        """Answer in pieces; the last one says how it ended."""
        exchange = _exchange("Stream", request, context)
        conversation_id, message_id = exchange.conversation_id, exchange.message_id
        # aclosing: when the caller goes away, the upstream's connection is closed now, not at garbage collection.
        async with aclosing(self._handler.stream(exchange)) as pieces:
            async for piece in pieces:
                yield pb.StreamResponse(conversation_id=conversation_id, message_id=message_id, delta=piece)
        yield pb.StreamResponse(
            conversation_id=conversation_id,
            message_id=message_id,
            finish_reason=_finish_reason(exchange),
            blocked=_blocked(exchange.blocked),
            usage=_usage(exchange),
            provenance=_provenance(exchange),
        )


def _exchange(method: str, request: pb.CompleteRequest | pb.StreamRequest, context: Context) -> ChatExchange:
    options = request.options
    return ChatExchange(
        call=call_of(f"/{SERVICE_NAME}/{method}", context),
        messages=[Message(_ROLES.get(message.role), message.content) for message in request.messages],
        model=request.model,
        conversation_id=request.conversation_id or uuid.uuid4().hex,
        message_id=uuid.uuid4().hex,
        max_tokens=options.max_tokens,
        temperature=options.temperature if options.HasField("temperature") else None,
    )


def _finish_reason(exchange: ChatExchange) -> pb.FinishReason.ValueType:
    if exchange.blocked is not None:
        return pb.FINISH_REASON_CONTENT_FILTER
    return _FINISH[exchange.answer.finish or Finish.STOP]


def _blocked(blocked: Blocked | None) -> pb.Blocked | None:
    if blocked is None:
        return None
    hits = blocked.verdict.hits if blocked.verdict is not None else ()
    return pb.Blocked(side=_SIDES[blocked.side], categories=to_messages(hits))


def _usage(exchange: ChatExchange) -> pb.Usage | None:
    usage = exchange.answer.usage
    if usage is None:
        return None
    return pb.Usage(prompt_tokens=usage.prompt_tokens, completion_tokens=usage.completion_tokens)


def _provenance(exchange: ChatExchange) -> pb.Provenance:
    return pb.Provenance(
        chat_model=exchange.answer.model,
        moderation_model_version=exchange.moderation_version,
        masked_input_entities=exchange.masked_input,
        masked_output_entities=exchange.masked_output,
    )
