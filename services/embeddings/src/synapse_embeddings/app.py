"""The embeddings proxy as the shared bootstrap runs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import grpc
from synapse.v1 import embeddings_pb2, embeddings_pb2_grpc
from synapse_common.server import ServiceApp

from synapse_embeddings.handler import EmbeddingsHandler
from synapse_embeddings.servicer import EmbeddingsServicer
from synapse_embeddings.settings import EmbeddingsSettings
from synapse_embeddings.upstream import Upstream

SERVICE_NAME = embeddings_pb2.DESCRIPTOR.services_by_name["EmbeddingsService"].full_name


class EmbeddingsApp(ServiceApp):
    """Serves synapse.v1.EmbeddingsService from one upstream."""

    name: ClassVar[str] = "embeddings"

    def __init__(self, settings: EmbeddingsSettings) -> None:
        self._upstream = Upstream(settings.base_url, settings.api_key, settings.timeout_s)
        self._handler = EmbeddingsHandler(self._upstream, settings)

    async def start(self) -> None:
        """See every model answer once.

        Raises:
            SynapseError: the upstream is away, slow, refuses us or talks nonsense.
        """
        await self._handler.probe()

    def register(self, server: grpc.aio.Server) -> Sequence[str]:
        """Add the embeddings service."""
        embeddings_pb2_grpc.add_EmbeddingsServiceServicer_to_server(EmbeddingsServicer(self._handler), server)
        return [SERVICE_NAME]

    async def close(self) -> None:
        """Close the connections to the upstream."""
        await self._upstream.close()
