"""The gateway as a service: its parts, put together, and their life."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import ClassVar

import grpc
from opentelemetry import metrics
from synapse.v1 import (
    chat_pb2_grpc,
    clustering_pb2_grpc,
    embeddings_pb2_grpc,
    feedback_pb2_grpc,
    moderation_pb2_grpc,
)
from synapse_common.server import ServiceApp
from synapse_common.tls import open_channel

from synapse_gateway.clients import clustering as clustering_client
from synapse_gateway.clients import moderation as moderation_client
from synapse_gateway.clients.clustering import ClusteringClient
from synapse_gateway.clients.embeddings import EmbeddingsClient
from synapse_gateway.clients.moderation import ModerationClient
from synapse_gateway.clients.predictor import Predictor
from synapse_gateway.clients.upstream import ChatUpstream
from synapse_gateway.deadline import Deadline
from synapse_gateway.feedback.pseudonym import kept_key
from synapse_gateway.feedback.store import FeedbackStore
from synapse_gateway.guard import build_guard
from synapse_gateway.handlers.chat import ChatHandler
from synapse_gateway.handlers.clustering import ClusteringHandler
from synapse_gateway.handlers.embeddings import EmbeddingsHandler
from synapse_gateway.handlers.feedback import FeedbackHandler
from synapse_gateway.handlers.moderation import ModerationHandler
from synapse_gateway.metrics import GatewayMetrics
from synapse_gateway.recording.delivery import Delivery
from synapse_gateway.recording.recorder import Recorder
from synapse_gateway.servicers import chat, clustering, embeddings, feedback, moderation
from synapse_gateway.settings import GatewaySettings
from synapse_gateway.stages.limit import Limit

_READY_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class _Parts:
    """What `start` waits for and `close` lets go."""

    moderation: ModerationClient
    recorder: Recorder
    feedback: FeedbackStore


class GatewayApp(ServiceApp):
    """The five public services. Callers show tokens, not certificates."""

    name = "gateway"
    mutual_tls: ClassVar[bool] = False

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._resources = AsyncExitStack()
        self._parts: _Parts | None = None

    def register(self, server: grpc.aio.Server) -> Sequence[str]:
        """Put the parts together and add the servicers."""
        settings, peers = self._settings, self._settings.peers
        gateway_metrics = GatewayMetrics(metrics.get_meter("synapse.gateway"))

        moderation_predictor = Predictor(
            self._channel(peers.moderation), moderation_client.MODEL, peers.moderation_timeout_s
        )
        clustering_predictor = Predictor(
            self._channel(peers.clustering), clustering_client.MODEL, peers.clustering_timeout_s
        )
        moderator = ModerationClient(moderation_predictor, peers.moderation_max_batch)
        clusters = ClusteringClient(clustering_predictor, peers.clustering_max_batch)
        embedder = EmbeddingsClient(self._channel(peers.embeddings), peers.embeddings_timeout_s)
        upstream = ChatUpstream(settings.upstream, settings.limits.max_answer_chars)
        self._resources.push_async_callback(upstream.close)
        delivery = Delivery(self._channel(peers.drift_monitor), settings.recorder.ack_timeout_s)
        recorder = Recorder(delivery, settings.recorder, gateway_metrics)
        self._resources.push_async_callback(recorder.close)
        store = FeedbackStore(settings.feedback_folder)
        self._resources.push_async_callback(store.close)

        limit = Limit(settings.limits.rate, settings.limits.storage)
        self._resources.push_async_callback(limit.close)

        guard = build_guard(settings, limit, moderator, upstream, recorder, gateway_metrics)
        chat_handler = ChatHandler(guard, upstream, settings.stream)
        feedback_handler = FeedbackHandler(guard, store, self._pseudonym_key())
        chat_pb2_grpc.add_ChatServiceServicer_to_server(chat.ChatServicer(chat_handler), server)
        moderation_pb2_grpc.add_ModerationServiceServicer_to_server(
            moderation.ModerationServicer(ModerationHandler(guard)), server
        )
        embeddings_pb2_grpc.add_EmbeddingsServiceServicer_to_server(
            embeddings.EmbeddingsServicer(EmbeddingsHandler(guard, embedder)), server
        )
        clustering_pb2_grpc.add_ClusteringServiceServicer_to_server(
            clustering.ClusteringServicer(ClusteringHandler(guard, clusters)), server
        )
        feedback_pb2_grpc.add_FeedbackServiceServicer_to_server(feedback.FeedbackServicer(feedback_handler), server)
        self._parts = _Parts(moderator, recorder, store)
        return [module.SERVICE_NAME for module in (chat, moderation, embeddings, clustering, feedback)]

    async def start(self) -> None:
        """Open the feedback file, begin to record, and wait for the moderation predictor.

        The other peers may come later: without them, only their own calls fail.
        """
        parts = self._parts
        if parts is None:
            raise RuntimeError("register comes before start")
        await parts.feedback.open()
        await parts.recorder.start()
        await parts.moderation.check_ready(Deadline.after(_READY_TIMEOUT_S))

    async def close(self) -> None:
        """Deliver and write what waits, then close every connection."""
        await self._resources.aclose()

    def _channel(self, address: str) -> grpc.aio.Channel:
        channel = open_channel(address, self._settings.tls)
        self._resources.push_async_callback(channel.close)
        return channel

    def _pseudonym_key(self) -> bytes:
        key = self._settings.pseudonym_key
        return key.get_secret_value().encode() if key else kept_key(self._settings.feedback_folder)
