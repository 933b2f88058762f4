"""synapse.v1.ModerationService."""

from __future__ import annotations

from synapse.v1 import moderation_pb2 as pb
from synapse.v1 import moderation_pb2_grpc as pb_grpc

from synapse_gateway.clients.moderation import MODEL
from synapse_gateway.exchange import BatchExchange
from synapse_gateway.handlers.moderation import ModerationHandler
from synapse_gateway.servicers.call import Context, call_of
from synapse_gateway.servicers.scores import to_messages

SERVICE_NAME = pb.DESCRIPTOR.services_by_name["ModerationService"].full_name


class ModerationServicer(pb_grpc.ModerationServiceServicer):
    """Moderate over one handler."""

    def __init__(self, handler: ModerationHandler) -> None:
        self._handler = handler

    async def Moderate(self, request: pb.ModerateRequest, context: Context) -> pb.ModerateResponse:  # noqa: N802
        """Moderate a batch; results in order."""
        call = call_of(f"/{SERVICE_NAME}/Moderate", context)
        exchange = BatchExchange(call, "texts", list(request.texts), request.model)
        await self._handler.moderate(exchange)
        return pb.ModerateResponse(
            results=[
                pb.ModerationResult(flagged=verdict.flagged, categories=to_messages(verdict.categories))
                for verdict in exchange.verdicts
            ],
            model=MODEL,
            model_version=exchange.verdicts[-1].model_version,
        )
