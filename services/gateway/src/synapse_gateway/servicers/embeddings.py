"""synapse.v1.EmbeddingsService, the gateway's side."""

from __future__ import annotations

from synapse.v1 import embeddings_pb2 as pb
from synapse.v1 import embeddings_pb2_grpc as pb_grpc

from synapse_gateway.exchange import BatchExchange
from synapse_gateway.handlers.embeddings import EmbeddingsHandler
from synapse_gateway.servicers.call import Context, call_of

SERVICE_NAME = pb.DESCRIPTOR.services_by_name["EmbeddingsService"].full_name


class EmbeddingsServicer(pb_grpc.EmbeddingsServiceServicer):
    """Embed over one handler."""

    def __init__(self, handler: EmbeddingsHandler) -> None:
        self._handler = handler

    async def Embed(self, request: pb.EmbedRequest, context: Context) -> pb.EmbedResponse:  # noqa: N802
        """Embed a batch; vectors in order."""
        call = call_of(f"/{SERVICE_NAME}/Embed", context)
        exchange = BatchExchange(call, "inputs", list(request.inputs), request.model)
        return await self._handler.embed(exchange, request.dimensions)
