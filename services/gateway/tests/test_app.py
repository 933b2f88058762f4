"""Start and end of the whole gateway, over TLS, with real channels."""

from pathlib import Path

import grpc
import pytest
from gateway_fakes.system import System, running_system
from synapse.v1 import feedback_pb2, moderation_pb2
from synapse_common.errors import ConfigurationError, Unavailable
from synapse_gateway.app import GatewayApp


async def test_it_is_not_ready_without_the_moderation_predictor(system: System) -> None:
    await system.backends["moderation"].stop()
    with pytest.raises(Unavailable, match="moderation predictor"):
        await system.app.start()
    await system.backends["moderation"].start()


async def test_starting_again_does_no_harm(system: System) -> None:
    await system.app.start()
    async with system.client() as client:
        await client.moderation.Moderate(moderation_pb2.ModerateRequest(texts=["hi"]))


async def test_the_other_peers_may_be_away(tmp_path: Path) -> None:
    async with running_system(tmp_path) as system:
        for name in ("clustering", "embeddings", "drift_monitor"):
            await system.backends[name].stop()
        await system.app.start()
        async with system.client() as client:
            response = await client.moderation.Moderate(moderation_pb2.ModerateRequest(texts=["hi"]))
        assert len(response.results) == 1


async def test_a_missing_issuer_key_is_said_at_start(tmp_path: Path) -> None:
    async with running_system(tmp_path) as system:
        settings = system.settings.model_copy(
            update={"auth": system.settings.auth.model_copy(update={"public_key": tmp_path / "none.pem"})}
        )
        app = GatewayApp(settings)
        with pytest.raises(ConfigurationError, match=r"none\.pem"):
            app.register(grpc.aio.server())
        await app.close()


async def test_closing_delivers_what_waits(tmp_path: Path) -> None:
    async with running_system(tmp_path) as system, system.client() as client:
        await client.moderation.Moderate(moderation_pb2.ModerateRequest(texts=["one", "two"]))
        await client.feedback.Rate(feedback_pb2.RateRequest(conversation_id="c", rating=5))
    assert [event.route for event in system.monitor.events] == ["moderate", "moderate"]
    assert (tmp_path / "feedback" / "feedback.jsonl").read_text().count("\n") == 1


async def test_a_certificate_is_not_asked_for_but_a_token_is(system: System) -> None:
    async with system.client(token="") as client:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await client.moderation.Moderate(moderation_pb2.ModerateRequest(texts=["hi"]))
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
