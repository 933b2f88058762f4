# ruff: noqa: N802  (gRPC's names)
import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from pydantic_settings import SettingsConfigDict
from synapse.v1 import chat_pb2, chat_pb2_grpc
from synapse_common.errors import ConfigurationError
from synapse_common.ports import HOST, free_port
from synapse_common.server import ServiceApp, main
from synapse_common.server.drain import DrainGate
from synapse_common.server.health import Health
from synapse_common.server.run import _listen, _serve, _start_until
from synapse_common.settings import ServiceSettings, TlsSettings
from synapse_common.testing import ServiceProcess, eventually

RunScripted = Callable[..., ServiceProcess]
OpenChannel = Callable[[ServiceProcess], grpc.Channel]
Say = Callable[[str], chat_pb2.CompleteRequest]
CHAT = "synapse.v1.ChatService"


class SmallSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="SYNAPSE_SMALL_")

    rest_port: int | None = None


class SmallChat(chat_pb2_grpc.ChatServiceServicer):
    async def Complete(self, request: chat_pb2.CompleteRequest, context: Any) -> chat_pb2.CompleteResponse:
        return chat_pb2.CompleteResponse()

    async def Stream(self, request: chat_pb2.StreamRequest, context: Any) -> AsyncIterator[chat_pb2.StreamResponse]:
        yield chat_pb2.StreamResponse()
        await asyncio.Event().wait()


class SmallApp(ServiceApp):
    name = "small"

    def __init__(self, settings: SmallSettings) -> None:
        self._rest_port = settings.rest_port

    @property
    def rest_port(self) -> int | None:
        return self._rest_port

    async def start(self) -> None:
        pass

    def register(self, server: grpc.aio.Server) -> Sequence[str]:
        chat_pb2_grpc.add_ChatServiceServicer_to_server(SmallChat(), server)
        return [CHAT]


def made_settings(tls: TlsSettings, **given: Any) -> SmallSettings:
    return SmallSettings(**{"grpc_port": free_port(), "metrics_port": free_port(), "tls": tls, **given})


def in_flight(service: ServiceProcess) -> bool:
    name = "rpc_server_in_flight"
    return any(line.startswith(name) and line.endswith(" 1.0") for line in service.get("/metrics")[1].splitlines())


def test_sigterm_ends_calls_in_flight_refuses_new_ones_and_exits_cleanly(
    run_scripted: RunScripted, open_sync_channel: OpenChannel, say: Say, tmp_path: Path
) -> None:
    service = run_scripted()
    service.wait_ready()
    channel = open_sync_channel(service)
    watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=CHAT))
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
    slow = chat_pb2_grpc.ChatServiceStub(channel).Complete.future(say(f"wait {tmp_path / 'go'}"), timeout=30)
    eventually(lambda: in_flight(service))

    service.terminate()

    assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
    assert list(watch) == []
    eventually(lambda: service.get("/readyz") == (503, "draining\n"))
    late = chat_pb2_grpc.ChatServiceStub(open_sync_channel(service))

    # Until the listener is closed, an instant after the signal, a call is still answered.
    refusal = eventually(lambda: late.Complete.future(say("hello"), timeout=5).exception())
    assert refusal.code() is grpc.StatusCode.UNAVAILABLE
    assert not slow.done()
    (tmp_path / "go").touch()
    assert slow.result(timeout=10) == chat_pb2.CompleteResponse()
    assert service.wait() == 0
    assert [line["event"] for line in service.log() if line["event"] in ("draining", "stopped")] == [
        "draining",
        "stopped",
    ]


def test_drain_delay_answers_calls_while_saying_not_serving(
    run_scripted: RunScripted, open_sync_channel: OpenChannel, say: Say
) -> None:
    service = run_scripted(drain_delay_s=30)
    service.wait_ready()
    channel = open_sync_channel(service)
    service.terminate()
    eventually(lambda: service.get("/readyz") == (503, "draining\n"))

    chat_pb2_grpc.ChatServiceStub(channel).Complete(say("hello"), timeout=10)

    health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
    assert health.status == health_pb2.HealthCheckResponse.NOT_SERVING


def test_a_call_longer_than_the_grace_period_does_not_keep_the_process(
    run_scripted: RunScripted, open_sync_channel: OpenChannel, say: Say, tmp_path: Path
) -> None:
    service = run_scripted(drain_grace_s=0.2)
    service.wait_ready()
    chat = chat_pb2_grpc.ChatServiceStub(open_sync_channel(service))
    endless = chat.Complete.future(say(f"wait {tmp_path / 'never'}"), timeout=60)
    eventually(lambda: in_flight(service))

    service.terminate()

    assert service.wait() == 0
    with pytest.raises(grpc.RpcError):
        endless.result(timeout=10)


def test_sigterm_before_the_start_succeeded_ends_the_process(run_scripted: RunScripted, tmp_path: Path) -> None:
    (tmp_path / "obstacle").write_text("not yet")
    service = run_scripted(obstacle=tmp_path / "obstacle")
    eventually(lambda: service.get("/readyz") == (503, "not yet\n"))
    service.terminate()
    assert service.wait() == 0


def test_a_bug_in_start_up_code_ends_the_process_with_its_traceback(run_scripted: RunScripted, tmp_path: Path) -> None:
    (tmp_path / "obstacle").write_text("bug")
    service = run_scripted(obstacle=tmp_path / "obstacle")
    assert service.wait() == 1
    (entry,) = [line for line in service.log() if line["level"] == "error"]
    assert "a bug in start-up code" in entry["exception"]


async def test_a_start_that_sigterm_interrupts_has_ended_before_the_app_is_closed(service_tls: TlsSettings) -> None:
    entered, cleaned = asyncio.Event(), asyncio.Event()

    class SlowApp(SmallApp):
        async def start(self) -> None:
            entered.set()
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)  # one more turn of the loop, as closing a connection takes
                cleaned.set()

    settings, stop = made_settings(service_tls), asyncio.Event()
    running = asyncio.create_task(_start_until(stop, settings, SlowApp(settings), Health()))
    await entered.wait()
    stop.set()
    await running
    assert cleaned.is_set()


@pytest.mark.parametrize("setting", ["grpc_port", "metrics_port", "rest_port"])
async def test_a_port_that_is_taken_ends_the_process_and_is_named(setting: str, service_tls: TlsSettings) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = made_settings(service_tls, **{setting: port})
        with pytest.raises(OSError, match=f"cannot listen .*{port}"):
            await _serve(settings, SmallApp(settings))


async def test_missing_tls_files_end_the_process_and_are_named(service_tls: TlsSettings) -> None:
    key = Path("/nowhere/scripted.key")
    settings = made_settings(service_tls.model_copy(update={"key": key}))
    with pytest.raises(ConfigurationError, match=re.escape(str(key))):
        await _serve(settings, SmallApp(settings))


async def test_tls_files_that_are_not_pem_end_the_process_and_are_named(
    service_tls: TlsSettings, tmp_path: Path
) -> None:
    key = tmp_path / "scripted.key"
    key.write_text("not a key")
    settings = made_settings(service_tls.model_copy(update={"key": key}))
    with pytest.raises(ConfigurationError, match=re.escape(str(key))):
        await _serve(settings, SmallApp(settings))


def test_wrong_settings_end_the_process_with_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SYNAPSE_SMALL_DRAIN_GRACE_S", "soon")
    assert main(SmallSettings, SmallApp) == 2
    assert "SYNAPSE_SMALL_DRAIN_GRACE_S" in capsys.readouterr().err


def test_reflection_lists_the_services_and_describes_them(
    scripted: ServiceProcess, open_sync_channel: OpenChannel
) -> None:
    database = ProtoReflectionDescriptorDatabase(open_sync_channel(scripted))
    services = set(database.get_services())
    assert services == {CHAT, "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}
    file = database.FindFileContainingSymbol(CHAT)
    assert [method.name for method in file.service[0].method] == ["Complete", "Stream"]


def test_an_unknown_method_is_unimplemented(scripted: ServiceProcess, open_sync_channel: OpenChannel) -> None:
    call = open_sync_channel(scripted).unary_unary("/synapse.v1.ChatService/Nothing")
    with pytest.raises(grpc.RpcError) as caught:
        call(b"", timeout=10)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.fixture
async def limited(
    service_tls: TlsSettings, channel_credentials: grpc.ChannelCredentials
) -> AsyncIterator[chat_pb2_grpc.ChatServiceStub]:
    """A service that takes messages of 1,000 bytes and one call at a time."""
    settings = made_settings(service_tls, max_message_bytes=1000, max_concurrent_rpcs=1)
    server = await _listen(settings, SmallApp(settings), Health(), DrainGate())
    async with grpc.aio.secure_channel(f"{HOST}:{settings.grpc_port}", channel_credentials) as channel:
        yield chat_pb2_grpc.ChatServiceStub(channel)
    await server.stop(None)


async def test_a_message_over_the_limit_is_refused(limited: chat_pb2_grpc.ChatServiceStub, say: Say) -> None:
    await limited.Complete(say("x" * 900))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await limited.Complete(say("x" * 1100))
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_calls_over_the_concurrency_limit_are_refused(limited: chat_pb2_grpc.ChatServiceStub, say: Say) -> None:
    stream = limited.Stream(chat_pb2.StreamRequest())
    await stream.read()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await limited.Complete(say("hello"))
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    stream.cancel()
