"""Fake embeddings proxy and drift monitor."""

from __future__ import annotations

import asyncio
from typing import Any

from synapse.v1 import drift_pb2, drift_pb2_grpc, embeddings_pb2, embeddings_pb2_grpc
from synapse_common.errors import SynapseError


class FakeEmbeddingsProxy(embeddings_pb2_grpc.EmbeddingsServiceServicer):
    """A vector is the text's length; remembers requests; refuses as ordered."""

    def __init__(self) -> None:
        self.requests: list[embeddings_pb2.EmbedRequest] = []
        self.refuses_with: SynapseError | None = None

    async def Embed(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.requests.append(request)
        if self.refuses_with is not None:
            raise self.refuses_with
        vectors = [embeddings_pb2.Embedding(values=[len(text)]) for text in request.inputs]
        return embeddings_pb2.EmbedResponse(embeddings=vectors, model=request.model or "default", prompt_tokens=7)


class FakeDriftMonitor(drift_pb2_grpc.DriftMonitorServiceServicer):
    """Takes every event, and lets a test wait for a number of them."""

    def __init__(self) -> None:
        self.events: list[drift_pb2.PredictionEvent] = []
        self.batches = 0
        self.streams = 0
        self.rejects = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self._arrived = asyncio.Condition()

    async def Record(self, request_iterator: Any, context: Any) -> Any:  # noqa: N802
        self.streams += 1
        async for request in request_iterator:
            await self.gate.wait()
            self.batches += 1
            self.events += request.events
            async with self._arrived:
                self._arrived.notify_all()
            accepted = len(request.events) - self.rejects
            yield drift_pb2.RecordResponse(accepted=accepted, rejected=self.rejects)

    async def wait_for(self, count: int) -> None:
        async with asyncio.timeout(10), self._arrived:
            await self._arrived.wait_for(lambda: len(self.events) >= count)
