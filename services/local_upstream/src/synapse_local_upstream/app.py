"""The server's routes, and what they share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from synapse_common.logs import get_logger

from synapse_local_upstream import chat, embeddings
from synapse_local_upstream.corpus import load_corpus
from synapse_local_upstream.encoder import Encoder
from synapse_local_upstream.errors import ApiError, model_not_found, not_loaded
from synapse_local_upstream.requests import ChatBody, EmbeddingsBody, parse
from synapse_local_upstream.retrieval import Retriever
from synapse_local_upstream.settings import LocalUpstreamSettings

_log = get_logger(__name__)
_MODELS = (chat.MODEL, embeddings.MODEL)

Endpoint = Callable[[Request], Awaitable[Response]]


class LocalUpstream:
    """Answers OpenAI's chat, embeddings and models endpoints."""

    def __init__(self, settings: LocalUpstreamSettings) -> None:
        self._settings = settings
        self._encoder = Encoder()
        self._corpus = load_corpus()
        self._retriever: Retriever | None = None

    async def load(self) -> None:
        """Load the encoder and embed the corpus; ready afterwards."""
        await self._encoder.load()
        self._retriever = await Retriever.build(self._encoder, self._corpus, self._settings.min_similarity)
        await self._retriever.answer("ready?")  # loads the language detector, too

    def close(self) -> None:
        """End the worker thread."""
        self._encoder.close()

    def routes(self) -> list[BaseRoute]:
        """All routes; an unknown one answers an error in OpenAI's shape, too."""
        table: list[tuple[str, str, Endpoint]] = [
            ("GET", "/v1/models", self._list_models),
            ("GET", "/v1/models/{model}", self._get_model),
            ("POST", "/v1/embeddings", self._create_embeddings),
            ("POST", "/v1/chat/completions", self._create_completion),
            ("GET", "/livez", self._livez),
            ("GET", "/readyz", self._readyz),
        ]
        routes: list[BaseRoute] = [Route(path, _guarded(endpoint), methods=[verb]) for verb, path, endpoint in table]
        every = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        return [*routes, Route("/{path:path}", _guarded(_unknown_route), methods=every)]

    @property
    def _ready(self) -> Retriever:
        if self._retriever is None:
            raise not_loaded()
        return self._retriever

    async def _livez(self, _request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def _readyz(self, _request: Request) -> Response:
        ready = self._retriever is not None
        return PlainTextResponse("ok\n" if ready else "loading the models\n", status_code=200 if ready else 503)

    async def _list_models(self, _request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [_model(name) for name in _MODELS]})

    async def _get_model(self, request: Request) -> Response:
        name = request.path_params["model"]
        if name not in _MODELS:
            raise model_not_found(name)
        return JSONResponse(_model(name))

    async def _create_embeddings(self, request: Request) -> Response:
        _ = self._ready
        body = await parse(request, EmbeddingsBody)
        return JSONResponse(await embeddings.create_embeddings(body, self._encoder, self._settings))

    async def _create_completion(self, request: Request) -> Response:
        retriever = self._ready
        body = await parse(request, ChatBody)
        completion = await chat.complete(body, retriever, self._settings, self._corpus.fingerprint)
        if not body.stream:
            return JSONResponse(completion.body())
        include_usage = body.stream_options is not None and body.stream_options.include_usage
        return StreamingResponse(completion.events(include_usage=include_usage), media_type="text/event-stream")


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "synapse"}


async def _unknown_route(request: Request) -> Response:
    raise ApiError(f"Unknown request URL: {request.method} {request.url.path[:100]}", status=404, code="unknown_url")


def _guarded(endpoint: Endpoint) -> Endpoint:
    async def call(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ApiError as error:
            return error.response()
        except Exception as error:
            _log.error("unexpected error", path=request.url.path, exc_info=error)
            return ApiError("internal error; see the server's log", status=500, kind="server_error").response()

    return call
