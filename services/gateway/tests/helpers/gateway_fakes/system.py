"""A whole gateway on loopback with fakes behind it, over TLS as in production."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from synapse.oip import open_inference_pb2_grpc
from synapse.v1 import (
    chat_pb2_grpc,
    clustering_pb2_grpc,
    drift_pb2_grpc,
    embeddings_pb2_grpc,
    feedback_pb2_grpc,
    moderation_pb2_grpc,
)
from synapse_common.identity import LocalIssuer
from synapse_common.server.errors import map_errors
from synapse_common.server.wrap import AroundInterceptor
from synapse_common.settings import TlsSettings
from synapse_common.tls import LocalAuthority, server_credentials
from synapse_gateway.app import GatewayApp
from synapse_gateway.settings import GatewaySettings

from gateway_fakes.peers import FakeDriftMonitor, FakeEmbeddingsProxy
from gateway_fakes.predictors import FakeClusteringPredictor, FakeModerationPredictor
from gateway_fakes.upstream import FakeUpstream

ALL_ROLES = ("user", "service")


class Backend:
    """One fake behind the gateway; can be stopped and started again on its port."""

    def __init__(self, add: Any, servicer: Any, tls: TlsSettings) -> None:
        self._add, self._servicer, self._tls = add, servicer, tls
        self.port = 0

    async def start(self) -> None:
        self._server = grpc.aio.server(interceptors=[AroundInterceptor(map_errors)], options=[("grpc.so_reuseport", 0)])
        self._add(self._servicer, self._server)
        credentials = server_credentials(self._tls, mutual=True)
        self.port = self._server.add_secure_port(f"127.0.0.1:{self.port}", credentials)
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop(None)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


@dataclass
class Stubs:
    chat: Any
    moderation: Any
    embeddings: Any
    clustering: Any
    feedback: Any


@dataclass
class System:
    """The running gateway and everything around it."""

    app: GatewayApp
    settings: GatewaySettings
    address: str
    ca: bytes
    issuer: LocalIssuer
    moderation: FakeModerationPredictor
    clustering: FakeClusteringPredictor
    embeddings: FakeEmbeddingsProxy
    monitor: FakeDriftMonitor
    upstream: FakeUpstream
    backends: dict[str, Backend]

    def token(self, *roles: str, subject: str = "ana", ttl_s: float = 60) -> str:
        return self.issuer.mint(subject, roles=roles or ALL_ROLES, ttl_s=ttl_s)

    @asynccontextmanager
    async def client(self, token: str | None = None) -> AsyncIterator[Stubs]:
        """Stubs whose calls carry `token` (by default one with every role; empty: none)."""
        credentials = grpc.ssl_channel_credentials(self.ca)
        token = self.token() if token is None else token
        if token:
            credentials = grpc.composite_channel_credentials(credentials, grpc.access_token_call_credentials(token))
        async with grpc.aio.secure_channel(self.address, credentials) as channel:
            yield Stubs(
                chat_pb2_grpc.ChatServiceStub(channel),
                moderation_pb2_grpc.ModerationServiceStub(channel),
                embeddings_pb2_grpc.EmbeddingsServiceStub(channel),
                clustering_pb2_grpc.ClusteringServiceStub(channel),
                feedback_pb2_grpc.FeedbackServiceStub(channel),
            )


@asynccontextmanager
async def running_system(folder: Path, **overrides: Any) -> AsyncIterator[System]:
    """Start fakes and gateway; `overrides` are the gateway's settings by name."""
    authority = LocalAuthority(folder / "certs")
    files = authority.issue("peer")
    tls = TlsSettings(certificate=files.certificate, key=files.key, ca=files.ca)
    issuer = LocalIssuer()
    public_key = folder / "issuer.pem"
    public_key.write_bytes(issuer.public_key_pem)

    moderation, clustering = FakeModerationPredictor(), FakeClusteringPredictor()
    embeddings, monitor = FakeEmbeddingsProxy(), FakeDriftMonitor()
    add_predictor = open_inference_pb2_grpc.add_GRPCInferenceServiceServicer_to_server
    backends = {
        "moderation": Backend(add_predictor, moderation, tls),
        "clustering": Backend(add_predictor, clustering, tls),
        "embeddings": Backend(embeddings_pb2_grpc.add_EmbeddingsServiceServicer_to_server, embeddings, tls),
        "drift_monitor": Backend(drift_pb2_grpc.add_DriftMonitorServiceServicer_to_server, monitor, tls),
    }
    async with FakeUpstream() as upstream:
        for backend in backends.values():
            await backend.start()
        settings = GatewaySettings(
            **{
                "tls": tls,
                "peers": {name: backend.address for name, backend in backends.items()},
                "upstream": {"base_url": upstream.base_url, "model": "fake-model"},
                "auth": {"public_key": public_key},
                "feedback_folder": folder / "feedback",
                "grpc_port": 1,
                **overrides,
            }
        )
        app = GatewayApp(settings)
        server = grpc.aio.server(interceptors=[AroundInterceptor(map_errors)])
        app.register(server)
        port = server.add_secure_port("127.0.0.1:0", server_credentials(tls, mutual=False))
        await server.start()
        try:
            await app.start()
            yield System(
                app,
                settings,
                f"127.0.0.1:{port}",
                files.ca.read_bytes(),
                issuer,
                moderation,
                clustering,
                embeddings,
                monitor,
                upstream,
                backends,
            )
        finally:
            await server.stop(None)
            await app.close()
            for backend in backends.values():
                await backend.stop()
