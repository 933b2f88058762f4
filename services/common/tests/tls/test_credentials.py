import asyncio
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
from synapse.v1 import chat_pb2, chat_pb2_grpc
from synapse_common.errors import ConfigurationError
from synapse_common.ports import HOST
from synapse_common.settings import TlsSettings
from synapse_common.testing import ServiceProcess, identity
from synapse_common.tls import LocalAuthority, client_ssl_context, open_channel, server_credentials

Say = Callable[[str], chat_pb2.CompleteRequest]
PORTS = ["grpc", "rest"]


def handshake(context: ssl.SSLContext, port: int) -> str | None:
    """The TLS version agreed on with a server that then still lets the client in."""
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection((HOST, port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        # In TLS 1.3 a server refuses a client's certificate after the client's handshake is over: HTTP/2's preface
        # and empty SETTINGS draw an answer, or the refusal.
        secure.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
        if not secure.recv(1):
            raise ConnectionError("closed")
        return secure.version()


def without_certificate(tls: TlsSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


@pytest.mark.parametrize("server", PORTS)
def test_tls_1_3_with_a_certificate_of_the_authority_gets_in(
    server: str, scripted: ServiceProcess, client_tls: TlsSettings
) -> None:
    assert handshake(client_ssl_context(client_tls), scripted.ports[server]) == "TLSv1.3"


@pytest.mark.parametrize("server", PORTS)
def test_tls_1_2_is_refused(server: str, scripted: ServiceProcess, client_tls: TlsSettings) -> None:
    context = client_ssl_context(client_tls)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError, match=r"EOF|ALERT"):
        handshake(context, scripted.ports[server])


@pytest.mark.parametrize("server", PORTS)
def test_a_client_without_certificate_is_refused(
    server: str, scripted: ServiceProcess, client_tls: TlsSettings
) -> None:
    with pytest.raises(OSError, match=r"CERTIFICATE_REQUIRED|certificate required|closed|reset"):
        handshake(without_certificate(client_tls), scripted.ports[server])


@pytest.mark.parametrize("server", PORTS)
def test_a_certificate_of_another_authority_is_refused(
    server: str, scripted: ServiceProcess, client_tls: TlsSettings, tmp_path: Path
) -> None:
    stranger = identity(LocalAuthority(tmp_path), "client").model_copy(update={"ca": client_tls.ca})
    with pytest.raises(OSError, match=r"ALERT|alert|closed|reset"):
        handshake(client_ssl_context(stranger), scripted.ports[server])


def test_a_client_does_not_talk_to_a_server_of_another_authority(
    scripted: ServiceProcess, client_tls: TlsSettings, tmp_path: Path
) -> None:
    other_ca = LocalAuthority(tmp_path).ca_path
    context = client_ssl_context(client_tls.model_copy(update={"ca": other_ca}))
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(context, scripted.ports["grpc"])


async def test_open_channel_reaches_a_service_and_none_of_another_authority(
    scripted: ServiceProcess, client_tls: TlsSettings, tmp_path: Path, say: Say
) -> None:
    async with open_channel(scripted.address, client_tls) as channel:
        await chat_pb2_grpc.ChatServiceStub(channel).Complete(say("hello"), timeout=10)
    stranger = identity(LocalAuthority(tmp_path), "client")
    async with open_channel(scripted.address, stranger) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await chat_pb2_grpc.ChatServiceStub(channel).Complete(say("hello"), timeout=10)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_without_mutual_tls_a_client_needs_no_certificate(
    service_tls: TlsSettings, client_tls: TlsSettings
) -> None:
    server = grpc.aio.server()
    port = server.add_secure_port(f"{HOST}:0", server_credentials(service_tls, mutual=False))
    await server.start()
    credentials = grpc.ssl_channel_credentials(client_tls.ca.read_bytes())
    async with grpc.aio.secure_channel(f"{HOST}:{port}", credentials) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary("/no/method")(b"")
    await server.stop(None)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED  # it got in, and asked for what is not there


@pytest.mark.parametrize("broken", ["certificate", "key", "ca"])
def test_a_broken_file_is_named(broken: str, client_tls: TlsSettings, tmp_path: Path) -> None:
    file = tmp_path / "broken.pem"
    file.write_text("-----BEGIN NOTHING-----")
    with pytest.raises(ConfigurationError, match=r"broken\.pem"):
        server_credentials(client_tls.model_copy(update={broken: file}), mutual=True)


async def test_a_peer_that_is_slow_to_shake_hands_is_waited_for(
    scripted: ServiceProcess, client_tls: TlsSettings
) -> None:
    """A busy peer needs some tenths of a second; a proxy that holds the first bytes back stands for it."""
    links: list[asyncio.StreamWriter] = []

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hold_s: float) -> None:
        await asyncio.sleep(hold_s)
        while data := await reader.read(65536):
            writer.write(data)

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer_reader, peer_writer = await asyncio.open_connection(HOST, scripted.ports["grpc"])
        links.extend((writer, peer_writer))
        await asyncio.gather(forward(reader, peer_writer, 0.4), forward(peer_reader, writer, 0))

    server = await asyncio.start_server(proxy, HOST, 0)
    port = server.sockets[0].getsockname()[1]
    async with open_channel(f"{HOST}:{port}", client_tls) as channel:
        call = channel.unary_unary("/synapse.v1.ChatService/Nothing")(b"", timeout=10)
        assert await call.code() is grpc.StatusCode.UNIMPLEMENTED
    for link in links:
        link.close()
    server.close()
