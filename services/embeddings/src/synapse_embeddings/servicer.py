"""gRPC side: messages to calls of the handler and back."""

from __future__ import annotations

import grpc
from synapse.v1 import embeddings_pb2 as pb
from synapse.v1 import embeddings_pb2_grpc as pb_grpc

from synapse_embeddings.handler import EmbeddingsHandler


class EmbeddingsServicer(pb_grpc.EmbeddingsServiceServicer):
    """synapse.v1.EmbeddingsService over one handler."""

    def __init__(self, handler: EmbeddingsHandler) -> None:
        self._handler = handler

    async def Embed(  # noqa: N802  (gRPC's method name)
        self, request: pb.EmbedRequest, context: grpc.aio.ServicerContext[pb.EmbedRequest, pb.EmbedResponse]
    ) -> pb.EmbedResponse:
        """Embed a batch of texts, in order."""
        result = await self._handler.embed(
            list(request.inputs), request.model, request.dimensions, context.time_remaining()
        )
        return pb.EmbedResponse(
            embeddings=[pb.Embedding(values=vector) for vector in result.vectors.tolist()],
            model=result.model,
            prompt_tokens=result.prompt_tokens,
        )
