import grpc
import pytest
from gateway_fakes.predictors import BAD_WORD
from gateway_fakes.system import System
from synapse.v1 import moderation_pb2 as pb
from synapse_common.taxonomy import CATEGORIES


async def test_a_batch_is_moderated_in_order_and_recorded(system: System) -> None:
    async with system.client() as client:
        response = await client.moderation.Moderate(pb.ModerateRequest(texts=["fine", BAD_WORD, "olá"]))
    assert [result.flagged for result in response.results] == [False, True, False]
    assert [score.category for score in response.results[0].categories] == list(CATEGORIES)
    assert (response.model, response.model_version) == ("moderation", "v1")
    await system.monitor.wait_for(3)
    assert {event.route for event in system.monitor.events} == {"moderate"}


@pytest.mark.parametrize(
    "bad",
    [
        pb.ModerateRequest(),
        pb.ModerateRequest(texts=["a"] * 65),
        pb.ModerateRequest(texts=["a", ""]),
        pb.ModerateRequest(texts=["x" * 8001]),
        pb.ModerateRequest(texts=["a"], model="other"),
    ],
)
async def test_a_broken_rule_is_the_callers_fault(system: System, bad: pb.ModerateRequest) -> None:
    async with system.client() as client:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await client.moderation.Moderate(bad)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert system.moderation.batches == []


async def test_bytes_that_are_not_utf8_never_become_a_text(system: System) -> None:
    request = b"\x0a\x02\xff\xfe"  # field 1, two bytes that no UTF-8 text has
    credentials = grpc.composite_channel_credentials(
        grpc.ssl_channel_credentials(system.ca), grpc.access_token_call_credentials(system.token())
    )
    async with grpc.aio.secure_channel(system.address, credentials) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary("/synapse.v1.ModerationService/Moderate")(request)
    assert caught.value.code() is not grpc.StatusCode.OK
    assert system.moderation.batches == []


@pytest.mark.parametrize("status", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED])
async def test_the_predictors_trouble_is_told(system: System, status: grpc.StatusCode) -> None:
    system.moderation.fails_with = status
    async with system.client() as client:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await client.moderation.Moderate(pb.ModerateRequest(texts=["hi"]))
    assert caught.value.code() is status


async def test_requests_go_on_while_the_monitor_is_down(system: System) -> None:
    await system.backends["drift_monitor"].stop()
    async with system.client() as client:
        for _ in range(3):
            response = await client.moderation.Moderate(pb.ModerateRequest(texts=["hi"]))
            assert len(response.results) == 1
    await system.backends["drift_monitor"].start()
    await system.monitor.wait_for(3)


@pytest.mark.parametrize(("roles", "code"), [(("viewer",), None), (("nobody",), grpc.StatusCode.PERMISSION_DENIED)])
async def test_roles_decide(system: System, roles: tuple[str, ...], code: grpc.StatusCode | None) -> None:
    async with system.client(system.token(*roles)) as client:
        try:
            await client.moderation.Moderate(pb.ModerateRequest(texts=["hi"]))
            got = None
        except grpc.aio.AioRpcError as error:
            got = error.code()
    assert got is code
