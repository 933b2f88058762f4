import json
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest
from synapse_local_upstream.requests import ChatBody
from synapse_pipelines.augmentation.chat import ChatClient
from synapse_pipelines.data.prepare import prepare_dataset
from synapse_pipelines.recipe import Recipe


@pytest.fixture(scope="session")
def labelled_dataset(source_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared data set that does not say it is generated. Read it, do not write to it."""
    work = tmp_path_factory.mktemp("labelled")
    shutil.copytree(source_tables, work / "tables")
    rows = pd.read_parquet(work / "tables" / "annotations.parquet").assign(source="people")
    rows.to_parquet(work / "tables" / "annotations.parquet", index=False)
    prepare_dataset(work / "tables", Recipe(chat_sample=20), work / "dataset")
    return work / "dataset"


@pytest.fixture(scope="session")
def generated_dataset(source_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared data set of generated tables. Read it, do not write to it."""
    out = tmp_path_factory.mktemp("generated")
    prepare_dataset(source_tables, Recipe(chat_sample=20), out)
    return out


class ChatServer:
    """A fake of an OpenAI-compatible server on loopback: answers each prompt with what `answer` makes of it.

    It takes only bodies that the local upstream takes, and answers in its form (`test_chat` compares the two).
    """

    def __init__(self) -> None:
        self.answer: Callable[[str], str] = lambda _: '{"texts": ["nothing set"]}'
        self.bodies: list[ChatBody] = []
        self.status = 200
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = ChatBody.model_validate_json(self.rfile.read(int(self.headers["Content-Length"])))
                server.bodies.append(body)
                payload = json.dumps(server.respond(body)).encode()
                self.send_response(server.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, *_: object) -> None:
                """Stay silent."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever)
        self._thread.start()

    def respond(self, body: ChatBody) -> dict[str, object]:
        """The body of the answer to `body`."""
        if self.status != 200:
            return {"error": {"message": "no such model", "type": "invalid_request_error", "param": None, "code": None}}
        message = {"role": "assistant", "content": self.answer(body.messages[-1].text), "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": body.model}
        return {**head, "system_fingerprint": "fp_1", "choices": [choice], "usage": usage}

    @property
    def url(self) -> str:
        """What to set as base URL."""
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    def close(self) -> None:
        """Stop serving and wait for it."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def chat_server() -> Iterator[ChatServer]:
    server = ChatServer()
    yield server
    server.close()


@pytest.fixture
def chat(chat_server: ChatServer) -> Iterator[ChatClient]:
    client = ChatClient("writer", chat_server.url, None)
    yield client
    client.close()
