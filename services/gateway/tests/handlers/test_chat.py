"""What the handler adds to the chains: when it stops, and that it always records."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import grpc
import pytest
from gateway_fakes.predictors import BAD_WORD
from gateway_fakes.system import System, running_system
from gateway_fakes.upstream import says
from synapse.v1 import chat_pb2 as pb


@pytest.fixture
async def open_system(tmp_path: Path) -> AsyncIterator[System]:
    """A gateway whose operator prefers answers to moderation."""
    guard = {"moderate_input_on_failure": "open", "moderate_output_on_failure": "open"}
    async with aclosing(_running(tmp_path, guard)) as systems:
        async for system in systems:
            yield system


async def _running(folder: Path, guard: dict[str, str]) -> AsyncIterator[System]:
    async with running_system(folder, guard=guard) as system:
        yield system


def hello() -> pb.CompleteRequest:
    return pb.CompleteRequest(messages=[pb.ChatMessage(role=pb.ROLE_USER, content="mail ana@example.com")])


async def test_failing_open_answers_without_moderation_but_not_without_masking(open_system: System) -> None:
    open_system.moderation.fails_with = grpc.StatusCode.UNAVAILABLE
    open_system.upstream.reply = says("ok, rui@example.com")
    async with open_system.client() as client:
        response = await client.chat.Complete(hello())
    assert response.content == "ok, <EMAIL_2>"
    assert response.provenance.moderation_model_version == ""
    assert open_system.upstream.requests[0]["messages"][0]["content"] == "mail <EMAIL_1>"


async def test_failing_open_still_blocks_what_is_moderated(open_system: System) -> None:
    async with open_system.client() as client:
        request = pb.CompleteRequest(messages=[pb.ChatMessage(role=pb.ROLE_USER, content=BAD_WORD)])
        response = await client.chat.Complete(request)
    assert response.finish_reason == pb.FINISH_REASON_CONTENT_FILTER


async def test_failing_closed_answers_nothing(system: System) -> None:
    system.moderation.fails_with = grpc.StatusCode.UNAVAILABLE
    async with system.client() as client:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await client.chat.Complete(hello())
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert system.upstream.requests == []


async def test_what_was_moderated_is_recorded_even_when_the_upstream_fails(system: System) -> None:
    system.upstream.reply = says("")
    async with system.client() as client:
        with pytest.raises(grpc.aio.AioRpcError):
            await client.chat.Complete(hello())
    await system.monitor.wait_for(1)
    assert [event.route for event in system.monitor.events] == ["chat_input"]
