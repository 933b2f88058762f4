"""The life of a service: settings, telemetry, listen, become ready, serve, drain."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from importlib.metadata import PackageNotFoundError, version
from typing import TypeVar

import grpc
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection
from opentelemetry.instrumentation.grpc import aio_server_interceptor, filters

from synapse_common.errors import ConfigurationError, SynapseError
from synapse_common.logs import configure_logging, get_logger
from synapse_common.server.app import ServiceApp
from synapse_common.server.decode import DecodeInterceptor
from synapse_common.server.drain import DrainGate
from synapse_common.server.errors import map_errors
from synapse_common.server.health import Health
from synapse_common.server.http import HttpServer, admin_routes
from synapse_common.server.observe import make_observer
from synapse_common.server.wrap import AroundInterceptor
from synapse_common.settings import ServiceSettings, load_settings
from synapse_common.telemetry import configure_telemetry, shutdown_telemetry
from synapse_common.tls import server_credentials, server_ssl_context

S = TypeVar("S", bound=ServiceSettings)
_log = get_logger(__name__)
_LAST_ANSWERS_S = 1.0  # for answers that are written already and still on their way out


def main(settings_class: type[S], make_app: Callable[[S], ServiceApp]) -> int:
    """Run one service until SIGTERM or SIGINT; returns the process's exit status."""
    try:
        settings = load_settings(settings_class)
    except ConfigurationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    name = str(settings_class.model_config.get("env_prefix", "")).removeprefix("SYNAPSE_").rstrip("_").lower()
    configure_logging(name, settings.log_level)
    configure_telemetry(name, _version(), settings.otlp_endpoint)
    try:
        asyncio.run(_serve(settings, make_app(settings)))
    except (SynapseError, OSError) as error:
        _log.error("cannot start", reason=str(error))
        return 1
    except Exception as error:
        _log.error("unexpected error", exc_info=error)
        return 1
    finally:
        shutdown_telemetry()
    return 0


async def _serve(settings: ServiceSettings, app: ServiceApp) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    health = Health()
    async with AsyncExitStack() as running:
        # The admin port is up first and down last: it must tell how things are while the others come and go.
        admin = _admin_server(settings, health)
        await admin.start()
        running.push_async_callback(admin.stop)
        gate = DrainGate()
        server = await _listen(settings, app, health, gate)
        running.push_async_callback(server.stop, None)
        rest = await _listen_rest(settings, app)
        if rest is not None:
            running.push_async_callback(rest.stop)

        await _start_until(stop, settings, app, health)
        _log.info("draining")
        await health.drain()
        await app.drain()
        if settings.drain_delay_s:
            await asyncio.sleep(settings.drain_delay_s)
        ending = [gate.close(settings.drain_grace_s)]
        if rest is not None:
            ending.append(rest.stop())
        await asyncio.gather(*ending)
        await server.stop(_LAST_ANSWERS_S)
        await app.close()
    _log.info("stopped")


async def _start_until(stop: asyncio.Event, settings: ServiceSettings, app: ServiceApp, health: Health) -> None:
    """Make the app ready; return when `stop` is set, ready or not, and nothing of the start runs any more."""
    starting = asyncio.create_task(_become_ready(settings, app, health))
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            # A fault in start-up code must end the process, not leave it listening and unready for ever.
            starting.result()
        await stopped
    finally:
        starting.cancel()
        stopped.cancel()
        # Cancelled code may still have to clean up, and what it works on is about to be closed.
        await asyncio.gather(starting, stopped, return_exceptions=True)


async def _listen(settings: ServiceSettings, app: ServiceApp, health: Health, gate: DrainGate) -> grpc.aio.Server:
    untraced = filters.negate(filters.service_prefix("grpc."))
    tracing = aio_server_interceptor(filter_=untraced)  # type: ignore[no-untyped-call]
    server = grpc.aio.server(
        interceptors=[
            tracing,
            AroundInterceptor(make_observer()),
            AroundInterceptor(map_errors),
            AroundInterceptor(gate.pass_through),
            DecodeInterceptor(),
        ],
        options=[
            ("grpc.max_receive_message_length", settings.max_message_bytes),
            ("grpc.max_send_message_length", settings.max_message_bytes),
            ("grpc.so_reuseport", 0),
        ],
        maximum_concurrent_rpcs=settings.max_concurrent_rpcs,
    )
    names = list(app.register(server))
    health.register(server, names)
    health_name = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
    reflection.enable_server_reflection([*names, health_name, reflection.SERVICE_NAME], server)
    address = f"{settings.host}:{settings.grpc_port}"
    try:
        server.add_secure_port(address, server_credentials(settings.tls, mutual=app.mutual_tls))
    except RuntimeError as error:
        raise OSError(f"cannot listen on {address}: {error}") from None
    await server.start()
    _log.info("listening", address=address)
    return server


def _admin_server(settings: ServiceSettings, health: Health) -> HttpServer:
    port, grace_s = settings.metrics_port, settings.drain_grace_s
    return HttpServer(admin_routes(health), settings.host, port, tls=None, grace_s=grace_s)


async def _listen_rest(settings: ServiceSettings, app: ServiceApp) -> HttpServer | None:
    """The REST server of an app that has one."""
    if app.rest_port is None:
        return None
    tls = server_ssl_context(settings.tls, mutual=app.mutual_tls)
    server = HttpServer(app.rest_routes(), settings.host, app.rest_port, tls=tls, grace_s=settings.drain_grace_s)
    await server.start()
    _log.info("listening", address=f"{settings.host}:{app.rest_port}")
    return server


async def _become_ready(settings: ServiceSettings, app: ServiceApp, health: Health) -> None:
    """Start the app, again and again while what it needs (a bundle, a peer) is not there."""
    while True:
        try:
            await app.start()
        except SynapseError as error:
            if error.message != health.reason:
                _log.error("not ready", reason=error.message)
            await health.set_not_ready(error.message)
            await asyncio.sleep(settings.start_retry_s)
        else:
            await health.set_ready()
            _log.info("ready")
            return


def _version() -> str:
    try:
        return version("synapse-common")
    except PackageNotFoundError:
        return "unknown"
