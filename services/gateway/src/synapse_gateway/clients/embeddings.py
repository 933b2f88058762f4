"""The embeddings proxy, which keeps the same contract as the gateway."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
from synapse.v1 import embeddings_pb2 as pb
from synapse.v1 import embeddings_pb2_grpc as pb_grpc
from synapse_common.errors import InvalidInput

from synapse_gateway.clients.peer import peer_errors, violated_field
from synapse_gateway.deadline import Deadline


class EmbeddingsClient:
    """Forwards requests that have passed the guard."""

    def __init__(self, channel: grpc.aio.Channel, timeout_s: float) -> None:
        self._stub: Any = pb_grpc.EmbeddingsServiceStub(channel)
        self._timeout_s = timeout_s

    async def embed(self, inputs: Sequence[str], model: str, dimensions: int, deadline: Deadline) -> pb.EmbedResponse:
        """Embed texts, in order.

        Raises:
            InvalidInput: the proxy's own rules refuse the request (an unknown model, dimensions it cannot give).
            Unavailable: the proxy, or its upstream, cannot be reached.
            DeadlineExceeded: no answer in time.
            ResourceExhausted: too much work there.
        """
        request = pb.EmbedRequest(inputs=inputs, model=model, dimensions=dimensions)
        with peer_errors("embeddings proxy"):
            try:
                response: pb.EmbedResponse = await self._stub.Embed(request, timeout=deadline.within(self._timeout_s))
            except grpc.aio.AioRpcError as error:
                if error.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND):
                    # One contract on both sides: the proxy speaks of the caller's own fields.
                    raise InvalidInput(error.details() or "invalid request", field=violated_field(error)) from None
                raise
        return response
