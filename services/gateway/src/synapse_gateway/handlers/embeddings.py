"""Embedding of a caller's texts, by the proxy."""

from __future__ import annotations

from synapse.v1 import embeddings_pb2 as pb

from synapse_gateway.clients.embeddings import EmbeddingsClient
from synapse_gateway.exchange import BatchExchange
from synapse_gateway.guard import Guard


class EmbeddingsHandler:
    """Guards the texts and forwards them; the contract is the proxy's, so its answer is ours."""

    def __init__(self, guard: Guard, client: EmbeddingsClient) -> None:
        self._guard = guard
        self._client = client

    async def embed(self, exchange: BatchExchange, dimensions: int) -> pb.EmbedResponse:
        """Embed the batch, in order."""
        await self._guard.embeddings.run(exchange)
        return await self._client.embed(exchange.batch, exchange.model, dimensions, exchange.call.deadline)
