import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import grpc
import hypothesis
import pytest
from synapse.v1 import chat_pb2, chat_pb2_grpc
from synapse_common.settings import TlsSettings
from synapse_common.testing import ServiceProcess, identity, running_service
from synapse_common.tls import LocalAuthority

# Time limits for one example say more about the machine than about the code.
hypothesis.settings.register_profile("no_deadline", deadline=None)
hypothesis.settings.load_profile("no_deadline")

SCRIPT = Path(__file__).parent / "server" / "scripted_service.py"

RunScripted = Callable[..., ServiceProcess]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> LocalAuthority:
    return LocalAuthority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def service_tls(authority: LocalAuthority) -> TlsSettings:
    return identity(authority, "scripted")


@pytest.fixture(scope="session")
def client_tls(authority: LocalAuthority) -> TlsSettings:
    return identity(authority, "client")


def start_scripted(tls: TlsSettings, folder: Path, **settings: object) -> AbstractContextManager[ServiceProcess]:
    values = {name.upper(): str(value) for name, value in {"log_level": "debug", **settings}.items()}
    return running_service([sys.executable, str(SCRIPT)], "SYNAPSE_SCRIPTED_", tls, folder, values)


@pytest.fixture(scope="session")
def scripted(service_tls: TlsSettings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """A service that runs for the whole session: for tests that leave it as it is."""
    with start_scripted(service_tls, tmp_path_factory.mktemp("scripted"), rest_port="free") as process:
        process.wait_ready()
        yield process


@pytest.fixture
def run_scripted(service_tls: TlsSettings, tmp_path: Path) -> Iterator[RunScripted]:
    """Starts services of the test's own, with settings by name."""
    with ExitStack() as stack:

        def run(name: str = "own", **settings: object) -> ServiceProcess:
            return stack.enter_context(start_scripted(service_tls, tmp_path / name, **settings))

        yield run


@pytest.fixture(scope="session")
def channel_credentials(client_tls: TlsSettings) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(
        client_tls.ca.read_bytes(), client_tls.key.read_bytes(), client_tls.certificate.read_bytes()
    )


@pytest.fixture
def open_sync_channel(
    channel_credentials: grpc.ChannelCredentials,
) -> Iterator[Callable[[ServiceProcess], grpc.Channel]]:
    """A stock channel to a service, closed with the test."""
    with ExitStack() as stack:
        yield lambda process: stack.enter_context(grpc.secure_channel(process.address, channel_credentials))


@pytest.fixture
def chat(
    scripted: ServiceProcess, open_sync_channel: Callable[[ServiceProcess], grpc.Channel]
) -> chat_pb2_grpc.ChatServiceStub:
    return chat_pb2_grpc.ChatServiceStub(open_sync_channel(scripted))


@pytest.fixture(scope="session")
def say() -> Callable[[str], chat_pb2.CompleteRequest]:
    """A request whose one message is the command that the scripted service carries out."""
    return lambda content: chat_pb2.CompleteRequest(messages=[chat_pb2.ChatMessage(content=content)])
