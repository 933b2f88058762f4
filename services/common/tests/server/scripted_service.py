"""A service for tests whose calls do as their message says. Run as a program; see the tests beside it."""
# ruff: noqa: N802, ASYNC110, ASYNC240  (gRPC's names; files are how a test in another process speaks to a call)

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import grpc
from pydantic_settings import SettingsConfigDict
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Route
from synapse.v1 import chat_pb2, chat_pb2_grpc
from synapse_common import errors
from synapse_common.server import ServiceApp, main
from synapse_common.settings import ServiceSettings
from synapse_common.tls import open_channel


class ScriptedSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="SYNAPSE_SCRIPTED_")

    mutual: bool = True
    rest_port: int | None = None
    obstacle: Path | None = None
    """While this file exists, the service is not ready, for the reason in the file."""


class ScriptedChat(chat_pb2_grpc.ChatServiceServicer):
    def __init__(self, settings: ScriptedSettings) -> None:
        self._settings = settings

    async def Complete(self, request: chat_pb2.CompleteRequest, context: Any) -> chat_pb2.CompleteResponse:
        command, _, argument = request.messages[-1].content.partition(" ")
        match command:
            case "raise":
                raise getattr(errors, argument)("what is wrong", field="messages[0]", retry_after_s=1.5)
            case "crash":
                raise RuntimeError(argument)
            case "wait":
                while not Path(argument).exists():
                    await asyncio.sleep(0.01)
            case "ask":
                async with open_channel(argument, self._settings.tls) as channel:
                    await chat_pb2_grpc.ChatServiceStub(channel).Complete(message("hello"))
        return chat_pb2.CompleteResponse()

    async def Stream(self, request: chat_pb2.StreamRequest, context: Any) -> AsyncIterator[chat_pb2.StreamResponse]:
        command, _, argument = request.messages[-1].content.partition(" ")
        try:
            yield chat_pb2.StreamResponse()
            match command:
                case "forever":
                    await asyncio.Event().wait()
                case "flood":
                    while True:
                        yield chat_pb2.StreamResponse(delta="x" * 1000)
                case "raise":
                    raise getattr(errors, argument)("what is wrong")
        finally:
            if command in ("forever", "flood"):
                Path(argument).touch()


def message(content: str) -> chat_pb2.CompleteRequest:
    return chat_pb2.CompleteRequest(messages=[chat_pb2.ChatMessage(content=content)])


class ScriptedApp(ServiceApp):
    name = "scripted"

    def __init__(self, settings: ScriptedSettings) -> None:
        self._settings = settings
        self.mutual_tls = settings.mutual  # type: ignore[misc]  # a class variable for real services

    async def start(self) -> None:
        obstacle = self._settings.obstacle
        if obstacle is None or not obstacle.exists():
            return
        reason = obstacle.read_text()
        if reason == "bug":
            raise RuntimeError("a bug in start-up code")
        raise errors.ConfigurationError(reason)

    def register(self, server: grpc.aio.Server) -> Sequence[str]:
        chat_pb2_grpc.add_ChatServiceServicer_to_server(ScriptedChat(self._settings), server)
        return [chat_pb2.DESCRIPTOR.services_by_name["ChatService"].full_name]

    def rest_routes(self) -> Sequence[BaseRoute]:
        async def hello(_request: Request) -> PlainTextResponse:
            return PlainTextResponse("hello")

        return [Route("/hello", hello)]

    @property
    def rest_port(self) -> int | None:
        return self._settings.rest_port


if __name__ == "__main__":
    raise SystemExit(main(ScriptedSettings, ScriptedApp))
