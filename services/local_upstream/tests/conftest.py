import asyncio
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest
from synapse_common.server.http import HttpServer
from synapse_local_upstream.app import LocalUpstream
from synapse_local_upstream.corpus import Corpus, load_corpus
from synapse_local_upstream.encoder import Encoder
from synapse_local_upstream.retrieval import Retriever
from synapse_local_upstream.settings import LocalUpstreamSettings


@pytest.fixture(scope="session")
def settings() -> LocalUpstreamSettings:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return LocalUpstreamSettings(port=port, max_inputs=40, max_text_chars=2000)


@pytest.fixture(scope="session")
def encoder() -> Iterator[Encoder]:
    loaded = Encoder()
    asyncio.run(loaded.load())
    yield loaded
    loaded.close()


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    return load_corpus()


@pytest.fixture(scope="session")
def retriever(encoder: Encoder, corpus: Corpus, settings: LocalUpstreamSettings) -> Retriever:
    return asyncio.run(Retriever.build(encoder, corpus, settings.min_similarity))


@pytest.fixture(scope="session")
def base_url(settings: LocalUpstreamSettings) -> Iterator[str]:
    """The server on a free port, loaded once, in a thread of its own."""
    listening: Future[str] = Future()
    stop: Future[asyncio.Event] = Future()

    async def serve() -> None:
        stopped = asyncio.Event()
        stop.set_result(stopped)
        upstream = LocalUpstream(settings)
        server = HttpServer(upstream.routes(), settings.host, settings.port, tls=None, grace_s=5)
        await server.start()
        await upstream.load()
        listening.set_result(f"http://{settings.host}:{settings.port}/v1")
        await stopped.wait()
        await server.stop()
        upstream.close()

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=[serve()])
    thread.start()
    yield listening.result(timeout=120)
    loop.call_soon_threadsafe(stop.result().set)
    thread.join()
    loop.close()
