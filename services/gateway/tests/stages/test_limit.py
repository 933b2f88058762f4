import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from gateway_fakes.exchanges import call
from synapse_common.errors import ConfigurationError, ResourceExhausted, Unavailable
from synapse_gateway.exchange import Exchange
from synapse_gateway.stages.limit import Limit

MEMORY = "async+memory://"


def by(subject: str) -> Exchange:
    return Exchange(call(subject=subject))


async def test_each_caller_has_an_allowance_of_its_own() -> None:
    limit = Limit("2/hour", MEMORY)
    await limit(by("ana"))
    await limit(by("ana"))
    with pytest.raises(ResourceExhausted, match="2 per 1 hour") as caught:
        await limit(by("ana"))
    assert caught.value.retry_after_s is not None
    assert 0 < caught.value.retry_after_s <= 3600
    await limit(by("rui"))


async def test_storage_that_is_away_is_unavailable() -> None:
    limit = Limit("2/hour", "async+redis://127.0.0.1:1")
    with pytest.raises(Unavailable):
        await limit(by("ana"))
    await limit.close()


@pytest.mark.parametrize("uri", ["memory://", "async+nothing://x"])
def test_storage_that_cannot_be_is_refused_at_start(uri: str) -> None:
    with pytest.raises(ConfigurationError):
        Limit("2/hour", uri)


@pytest.fixture
def redis_uri(tmp_path: Path) -> Iterator[str]:
    server = shutil.which("redis-server")
    if server is None:
        pytest.skip("redis-server is not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert any("Ready to accept connections" in line for line in process.stdout)
        yield f"async+redis://127.0.0.1:{port}"
        process.terminate()
        process.stdout.read()


async def test_replicas_share_the_allowance_through_redis(redis_uri: str) -> None:
    one, other = Limit("2/hour", redis_uri), Limit("2/hour", redis_uri)
    await one(by("ana"))
    await other(by("ana"))
    with pytest.raises(ResourceExhausted):
        await one(by("ana"))
    await one.close()
    await other.close()
