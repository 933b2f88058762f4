"""The clustering predictor as the shared bootstrap runs it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib.metadata import version
from typing import ClassVar

import grpc
from starlette.routing import BaseRoute
from synapse.oip import open_inference_pb2_grpc as pb_grpc
from synapse_common.bundle import Bundle
from synapse_common.oip import SERVICE_NAME, InferenceHandler, InferenceServicer, oip_routes
from synapse_common.server import ServiceApp

from synapse_clustering.clusters import load_clusters
from synapse_clustering.model import ClusteringModel
from synapse_clustering.settings import ClusteringSettings


class ClusteringApp(ServiceApp):
    """Serves one clustering bundle over gRPC and REST."""

    name: ClassVar[str] = "clustering"

    def __init__(self, settings: ClusteringSettings) -> None:
        self._settings = settings
        self._handler = InferenceHandler("synapse-clustering", version("synapse-clustering"))

    async def start(self) -> None:
        """Load and verify the bundle, and see the model answer once.

        Raises:
            BundleError: the bundle is missing, corrupt or inconsistent; the message says which file.
        """
        model = await asyncio.to_thread(self._load)
        await model.warm_up()
        self._handler.set_model(model)

    def register(self, server: grpc.aio.Server) -> Sequence[str]:
        """Add the inference service."""
        pb_grpc.add_GRPCInferenceServiceServicer_to_server(InferenceServicer(self._handler), server)
        return [SERVICE_NAME]

    def rest_routes(self) -> Sequence[BaseRoute]:
        """Routes of the protocol's REST side."""
        return oip_routes(self._handler)

    @property
    def rest_port(self) -> int | None:
        """Port of the protocol's REST side."""
        return self._settings.rest_port

    async def drain(self) -> None:
        """Tell callers that ask over the protocol, too."""
        self._handler.drain()

    def _load(self) -> ClusteringModel:
        bundle = Bundle.open(self._settings.bundle, kind="clustering")
        return ClusteringModel(
            load_clusters(bundle), version=bundle.manifest.version, max_batch=self._settings.max_batch
        )
