import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from synapse_common.ports import free_port
from synapse_common.server.errors import map_errors
from synapse_common.server.http import HttpServer
from synapse_common.server.wrap import AroundInterceptor
from synapse_common.settings import TlsSettings
from synapse_embeddings.app import EmbeddingsApp
from synapse_embeddings.settings import EmbeddingsSettings

OWN_DIMENSIONS = 8


def vector_of(text: str, dimensions: int) -> list[float]:
    """Tells texts apart: its length first, ones after."""
    return [float(len(text)), *[1.0] * (dimensions - 1)]


def good_body(request: dict[str, Any]) -> dict[str, Any]:
    texts = request["input"]
    data = []
    for index, text in enumerate(texts):
        vector = vector_of(text, request.get("dimensions", OWN_DIMENSIONS))
        packed = base64.b64encode(np.array(vector, dtype="<f4").tobytes()).decode()
        data.append({"object": "embedding", "index": index, "embedding": packed})
    usage = {"prompt_tokens": sum(map(len, texts)), "total_tokens": 0}
    return {"object": "list", "model": request["model"], "data": data, "usage": usage}


@dataclass
class FakeUpstream:
    """A loopback server whose `answer` a test replaces."""

    port: int
    requests: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    answer: Callable[[dict[str, Any]], Awaitable[Response]] | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def embeddings(self, request: Request) -> Response:
        body = json.loads(await request.body())
        self.requests.append((dict(request.headers), body))
        return await self.answer(body) if self.answer else JSONResponse(good_body(body))


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    fake = FakeUpstream(free_port())
    routes = [Route("/v1/embeddings", fake.embeddings, methods=["POST"])]
    server = HttpServer(routes, "127.0.0.1", fake.port, tls=None, grace_s=1)
    await server.start()
    yield fake
    await server.stop()


@pytest.fixture
def settings_with() -> Callable[..., EmbeddingsSettings]:
    def make(base_url: str, **changes: object) -> EmbeddingsSettings:
        unused = Path("unused.pem")
        tls = TlsSettings(certificate=unused, key=unused, ca=unused)
        defaults = {"default_model": "small", "models": ("large",), "max_batch": 5, "max_text_chars": 100}
        return EmbeddingsSettings.model_validate({"tls": tls, "base_url": base_url, **defaults, **changes})

    return make


@pytest.fixture
def settings(upstream: FakeUpstream, settings_with: Callable[..., EmbeddingsSettings]) -> EmbeddingsSettings:
    return settings_with(upstream.base_url, timeout_s=5, api_key="sk-secret")


@pytest.fixture
async def started(settings: EmbeddingsSettings) -> AsyncIterator[EmbeddingsApp]:
    app = EmbeddingsApp(settings)
    await app.start()
    yield app
    await app.close()


@pytest.fixture
async def address(started: EmbeddingsApp) -> AsyncIterator[str]:
    server = grpc.aio.server(interceptors=[AroundInterceptor(map_errors)])
    started.register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)
