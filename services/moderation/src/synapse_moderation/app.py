"""The moderation predictor as a service: loads its bundle, warms up, and answers the Open Inference Protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import grpc
from starlette.routing import BaseRoute
from synapse.oip import open_inference_pb2_grpc as pb_grpc
from synapse_common.bundle import Bundle
from synapse_common.oip import SERVICE_NAME, InferenceHandler, InferenceServicer, oip_routes
from synapse_common.server import ServiceApp

from synapse_moderation import __version__
from synapse_moderation.backends import load_backend
from synapse_moderation.engine import Engine
from synapse_moderation.model import ModerationModel
from synapse_moderation.settings import ModerationSettings


class ModerationApp(ServiceApp):
    """inference.GRPCInferenceService and /v2 over one moderation bundle."""

    name = "moderation"

    def __init__(self, settings: ModerationSettings) -> None:
        self._settings = settings
        self._handler = InferenceHandler("synapse-moderation", __version__)
        self._engine: Engine | None = None

    async def start(self) -> None:
        """Load and verify the bundle, then serve it once it has answered a first text."""
        settings = self._settings
        bundle = await asyncio.to_thread(Bundle.open, settings.bundle, kind="moderation")
        backend = await asyncio.to_thread(load_backend, bundle, settings.device, settings.workers)
        engine = Engine(
            backend,
            job_texts=backend.job_texts or settings.job_texts,
            max_waiting_texts=settings.max_waiting_texts,
        )
        model = ModerationModel(bundle, engine, max_batch=settings.max_batch, max_text_chars=settings.max_text_chars)
        try:
            await model.warm_up()
        except BaseException:
            engine.close()
            raise
        self._engine = engine
        self._handler.set_model(model)

    def register(self, server: grpc.aio.Server) -> Sequence[str]:
        """Add the protocol's servicer."""
        pb_grpc.add_GRPCInferenceServiceServicer_to_server(InferenceServicer(self._handler), server)
        return [SERVICE_NAME]

    def rest_routes(self) -> Sequence[BaseRoute]:
        """The protocol's REST side."""
        return oip_routes(self._handler)

    @property
    def rest_port(self) -> int:
        """Port of the REST side."""
        return self._settings.rest_port

    async def drain(self) -> None:
        """Tell callers that ask over the protocol, too."""
        self._handler.drain()

    async def close(self) -> None:
        """Stop the worker threads."""
        if self._engine is not None:
            self._engine.close()
