"""TLS 1.3 credentials for gRPC and HTTP, from the PEM files a process was given.

gRPC's restriction to 1.3 is set when this package is imported (see `synapse_common.__init__`).
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence

import grpc
from opentelemetry.instrumentation.grpc import aio_client_interceptors

from synapse_common.errors import ConfigurationError
from synapse_common.settings import TlsSettings


def server_credentials(tls: TlsSettings, *, mutual: bool) -> grpc.ServerCredentials:
    """Credentials of a gRPC server; with `mutual`, only clients signed by the authority get in."""
    key, certificate, ca = _read(tls)
    return grpc.ssl_server_credentials([(key, certificate)], root_certificates=ca, require_client_auth=mutual)


def open_channel(address: str, tls: TlsSettings, *, options: Sequence[tuple[str, int | str]] = ()) -> grpc.aio.Channel:
    """A traced mutual-TLS channel to another service at ``host:port``.

    Reconnects quickly (at most 1 s between attempts), so that a restarted peer is found again at once.
    """
    key, certificate, ca = _read(tls)
    credentials = grpc.ssl_channel_credentials(ca, key, certificate)
    defaults: list[tuple[str, int | str]] = [
        ("grpc.initial_reconnect_backoff_ms", 100),
        # In spite of its name, the time one attempt to connect gets: a busy peer's handshake takes more than 100 ms.
        ("grpc.min_reconnect_backoff_ms", 5000),
        ("grpc.max_reconnect_backoff_ms", 1000),
        ("grpc.keepalive_time_ms", 30_000),
        # A name that stands for several pods is balanced call by call; the default would keep to the first one.
        ("grpc.lb_policy_name", "round_robin"),
    ]
    return grpc.aio.secure_channel(
        address,
        credentials,
        options=[*defaults, *options],
        interceptors=aio_client_interceptors(),  # type: ignore[no-untyped-call]
    )


def server_ssl_context(tls: TlsSettings, *, mutual: bool) -> ssl.SSLContext:
    """The same for an HTTP server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    _load(context, tls)
    if mutual:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_ssl_context(tls: TlsSettings) -> ssl.SSLContext:
    """The same for an HTTP client that shows its certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    _load(context, tls)
    return context


def _load(context: ssl.SSLContext, tls: TlsSettings) -> None:
    try:
        context.load_cert_chain(tls.certificate, tls.key)
        context.load_verify_locations(tls.ca)
    except OSError as error:
        files = f"{tls.certificate}, {tls.key}, {tls.ca}"
        raise ConfigurationError(f"the TLS files cannot be used ({files}): {error}") from None


def _read(tls: TlsSettings) -> tuple[bytes, bytes, bytes]:
    """Key, certificate and authority as PEM bytes."""
    # gRPC tells nothing of a file that is not what it should be but that it cannot listen, so it is checked here first.
    _load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), tls)
    return tls.key.read_bytes(), tls.certificate.read_bytes(), tls.ca.read_bytes()
