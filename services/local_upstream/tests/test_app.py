import json

import httpx
import numpy as np
import openai
import pytest
from openai import AsyncOpenAI
from starlette.applications import Starlette
from synapse_local_upstream.app import LocalUpstream
from synapse_local_upstream.settings import LocalUpstreamSettings

QUESTION = [{"role": "user", "content": "who are you?"}]


@pytest.fixture
async def client(base_url: str):
    async with AsyncOpenAI(base_url=base_url, api_key="unused", max_retries=0) as opened:
        yield opened


@pytest.fixture
async def http(base_url: str):
    async with httpx.AsyncClient(base_url=base_url, timeout=30) as opened:
        yield opened


async def test_models(client: AsyncOpenAI) -> None:
    assert [model.id async for model in client.models.list()] == ["synapse-retrieval", "synapse-embeddings"]
    assert (await client.models.retrieve("synapse-embeddings")).id == "synapse-embeddings"


async def test_embeddings_in_base64_and_in_floats_agree(client: AsyncOpenAI) -> None:
    texts = ["good morning", "bom dia", "the stock market"]
    packed = await client.embeddings.create(model="synapse-embeddings", input=texts)  # the SDK asks for base64
    plain = await client.embeddings.create(model="synapse-embeddings", input=texts, encoding_format="float")
    vectors = np.array([item.embedding for item in packed.data])
    assert vectors.shape == (3, 384)
    assert [item.index for item in packed.data] == [0, 1, 2]
    assert vectors == pytest.approx(np.array([item.embedding for item in plain.data]), abs=1e-6)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    assert packed.usage.prompt_tokens == packed.usage.total_tokens > 6


async def test_fewer_dimensions_are_the_first_ones_rescaled(client: AsyncOpenAI) -> None:
    full = await client.embeddings.create(model="synapse-embeddings", input="good morning")
    cut = await client.embeddings.create(model="synapse-embeddings", input="good morning", dimensions=64)
    head = np.array(full.data[0].embedding[:64])
    assert cut.data[0].embedding == pytest.approx(head / np.linalg.norm(head), abs=1e-6)


async def test_a_chat_completion(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model="synapse-retrieval", messages=QUESTION, temperature=0.2)
    assert answer.object == "chat.completion"
    assert "small built-in corpus" in (answer.choices[0].message.content or "")
    assert answer.choices[0].finish_reason == "stop"
    assert answer.system_fingerprint
    assert answer.system_fingerprint.startswith("fp_")
    assert answer.usage
    assert answer.usage.prompt_tokens == 3
    assert answer.usage.completion_tokens == len((answer.choices[0].message.content or "").split())


async def test_a_stream_gives_the_same_words(client: AsyncOpenAI) -> None:
    whole = await client.chat.completions.create(model="synapse-retrieval", messages=QUESTION)
    stream = await client.chat.completions.create(
        model="synapse-retrieval", messages=QUESTION, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    deltas = [choice.delta.content for chunk in chunks for choice in chunk.choices if choice.delta.content]
    assert "".join(deltas) == whole.choices[0].message.content
    assert len(deltas) > 20
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices][-1] == "stop"
    assert chunks[-1].usage == whole.usage
    assert len({chunk.id for chunk in chunks}) == 1


async def test_an_answer_over_max_tokens_is_cut(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model="synapse-retrieval", messages=QUESTION, max_tokens=5)
    assert len((answer.choices[0].message.content or "").split()) == 5
    assert answer.choices[0].finish_reason == "length"


async def test_the_last_user_message_is_answered_in_its_language(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(
        model="synapse-retrieval",
        messages=[
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "hello"},
            {"role": "assistant", "content": "Hello! How can I help you?"},
            {"role": "user", "content": [{"type": "text", "text": "qual é a capital do Brasil?"}]},
        ],
    )
    assert (answer.choices[0].message.content or "").startswith("A capital do Brasil é Brasília")


async def test_an_unknown_model_is_a_404(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        await client.embeddings.create(model="text-embedding-3-large", input="a")
    assert caught.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError):
        await client.chat.completions.create(model="gpt-4", messages=QUESTION)
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("gpt-4")


EMBED = {"model": "synapse-embeddings", "input": "a"}
CHAT = {"model": "synapse-retrieval", "messages": QUESTION}


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("embeddings", {**EMBED, "input": ""}, "input"),
        ("embeddings", {**EMBED, "input": []}, "input"),
        ("embeddings", {**EMBED, "input": ["a", ""]}, "input"),
        ("embeddings", {**EMBED, "input": [1, 2]}, "input"),
        ("embeddings", {**EMBED, "input": ["a"] * 41}, "input"),
        ("embeddings", {**EMBED, "input": ["a", "b" * 2001]}, "input.1"),
        ("embeddings", {**EMBED, "dimensions": 385}, "dimensions"),
        ("embeddings", {**EMBED, "dimensions": 0}, "dimensions"),
        ("embeddings", {**EMBED, "encoding_format": "hex"}, "encoding_format"),
        ("embeddings", {**EMBED, "input_type": "query"}, "input_type"),
        ("embeddings", {"input": "a"}, "model"),
        ("chat/completions", {**CHAT, "messages": []}, "messages"),
        ("chat/completions", {**CHAT, "messages": [{"role": "system", "content": "a"}]}, "messages"),
        ("chat/completions", {**CHAT, "messages": [{"role": "user", "content": " \n"}]}, "messages.0.content"),
        ("chat/completions", {**CHAT, "messages": [{"role": "user", "content": "a" * 2001}]}, "messages.0.content"),
        ("chat/completions", {**CHAT, "messages": [{"role": "wizard", "content": "a"}]}, "messages.0.role"),
        ("chat/completions", {**CHAT, "max_tokens": 0}, "max_tokens"),
        ("chat/completions", {**CHAT, "temperature": 3}, "temperature"),
        ("chat/completions", {**CHAT, "n": 2}, "n"),
        ("chat/completions", {**CHAT, "tools": []}, "tools"),
    ],
)
async def test_a_bad_request_names_the_parameter(
    http: httpx.AsyncClient, path: str, body: dict[str, object], param: str
) -> None:
    answer = await http.post(f"/{path}", json=body)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert error["param"].startswith(param)
    assert error["message"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b'{"model": "synapse-embeddings", "input": "\\ud800"}', b"[]"]
)
async def test_a_body_that_is_not_json_text_is_a_400(http: httpx.AsyncClient, body: bytes) -> None:
    answer = await http.post("/embeddings", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


async def test_a_huge_body_is_a_413(http: httpx.AsyncClient) -> None:
    assert (await http.post("/embeddings", content=b" " * (8 * 1024 * 1024 + 1))).status_code == 413


async def test_an_unknown_route_is_a_404_in_the_same_shape(http: httpx.AsyncClient) -> None:
    answer = await http.post("/audio/speech", json={})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "unknown_url"


async def test_nothing_is_answered_before_the_models_are_loaded(settings: LocalUpstreamSettings) -> None:
    upstream = LocalUpstream(settings)
    transport = httpx.ASGITransport(app=Starlette(routes=upstream.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.get("/livez")).status_code == 200
        assert (await client.get("/readyz")).status_code == 503
        answer = await client.post("/v1/embeddings", json=EMBED)
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
        assert json.loads(answer.content)["error"]["type"] == "server_error"
    upstream.close()
