"""gRPC side: messages to calls of the handler and back."""
# ruff: noqa: N802  (gRPC's method names)

from __future__ import annotations

from synapse.v1 import embeddings_pb2 as pb
from synapse.v1 import embeddings_pb2_grpc as pb_grpc
from synapse_common.server.wrap import Context

from synapse_embeddings.handler import EmbeddingsHandler


class EmbeddingsServicer(pb_grpc.EmbeddingsServiceServicer):
    """synapse.v1.EmbeddingsService over one handler."""

    def __init__(self, handler: EmbeddingsHandler) -> None:
        self._handler = handler

    async def Embed(self, request: pb.EmbedRequest, context: Context) -> pb.EmbedResponse:
        """Embed a batch of texts, in order."""
        result = await self._handler.embed(
            list(request.inputs), request.model, request.dimensions, context.time_remaining()
        )
        return pb.EmbedResponse(
            embeddings=[pb.Embedding(values=vector) for vector in result.vectors.tolist()],
            model=result.model,
            prompt_tokens=result.prompt_tokens,
        )
