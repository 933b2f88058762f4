import asyncio
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from synapse_common.server.errors import map_errors
from synapse_common.server.health import Health, _HealthServicer
from synapse_common.server.wrap import AroundInterceptor
from synapse_common.testing import ServiceProcess, eventually

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
CHAT = "synapse.v1.ChatService"


@pytest.fixture
async def health() -> Health:
    return Health()


@pytest.fixture
async def stub(health: Health):
    server = grpc.aio.server(interceptors=[AroundInterceptor(map_errors)])
    health.register(server, [CHAT])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield health_pb2_grpc.HealthStub(channel)
    await server.stop(None)


def asking(service: str) -> health_pb2.HealthCheckRequest:
    return health_pb2.HealthCheckRequest(service=service)


@pytest.mark.parametrize("service", ["", CHAT])
async def test_each_service_goes_from_not_serving_to_serving_and_back(
    service: str, health: Health, stub: health_pb2_grpc.HealthStub
) -> None:
    assert (await stub.Check(asking(service))).status == NOT_SERVING
    assert health.reason == "starting"
    await health.set_ready()
    assert (await stub.Check(asking(service))).status == SERVING
    await health.set_not_ready("the bundle is gone")
    assert (await stub.Check(asking(service))).status == NOT_SERVING
    assert health.reason == "the bundle is gone"


async def test_an_unknown_service_is_not_found(stub: health_pb2_grpc.HealthStub) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Check(asking("no.such.Service"))
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_watcher_of_an_unknown_service_is_told_so_and_kept(
    health: Health, stub: health_pb2_grpc.HealthStub
) -> None:
    watch = stub.Watch(asking("no.such.Service"))
    assert (await watch.read()).status == UNKNOWN
    await health.drain()
    assert await watch.read() is grpc.aio.EOF


async def test_draining_is_final_and_ends_the_watchers(health: Health, stub: health_pb2_grpc.HealthStub) -> None:
    await health.set_ready()
    watch = stub.Watch(asking(CHAT))
    assert (await watch.read()).status == SERVING

    await health.drain()
    await health.set_ready()

    assert (await watch.read()).status == NOT_SERVING
    assert await watch.read() is grpc.aio.EOF
    assert (await stub.Check(asking(""))).status == NOT_SERVING
    assert health.reason == "draining"


async def test_a_drain_that_begins_while_a_watcher_is_being_told_of_the_start_is_told_too(health: Health) -> None:
    await health.set_ready()
    watch = _HealthServicer(health).Watch(asking(""), None)
    assert (await anext(watch)).status == SERVING
    await health.drain()  # before the watcher's next turn
    assert [answer.status async for answer in watch] == [NOT_SERVING]


async def test_a_watcher_that_leaves_does_not_silence_another(health: Health, stub: health_pb2_grpc.HealthStub) -> None:
    leaving, staying = stub.Watch(asking(CHAT)), stub.Watch(asking(CHAT))
    assert (await leaving.read()).status == (await staying.read()).status == NOT_SERVING

    leaving.cancel()
    await health.set_ready()

    assert (await asyncio.wait_for(staying.read(), 10)).status == SERVING


def test_not_serving_until_a_start_succeeds_with_the_reason_told_and_start_tried_again(
    run_scripted: Callable[..., ServiceProcess],
    open_sync_channel: Callable[[ServiceProcess], grpc.Channel],
    tmp_path: Path,
) -> None:
    obstacle = tmp_path / "obstacle"
    obstacle.write_text("the model is missing")
    service = run_scripted(obstacle=obstacle)
    eventually(lambda: "the model is missing" in service.get("/readyz")[1])
    stub = health_pb2_grpc.HealthStub(open_sync_channel(service))
    assert stub.Check(asking(CHAT)).status == NOT_SERVING
    assert service.get("/readyz") == (503, "the model is missing\n")
    assert service.get("/livez") == (200, "ok\n")

    obstacle.write_text("the model is corrupt")
    eventually(lambda: service.get("/readyz") == (503, "the model is corrupt\n"))
    obstacle.unlink()
    service.wait_ready()

    assert stub.Check(asking(CHAT)).status == SERVING
    reasons = [line["reason"] for line in service.log() if line["event"] == "not ready"]
    assert reasons == ["the model is missing", "the model is corrupt"]  # told once each, however often tried
