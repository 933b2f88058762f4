"""The life of the server: listen, load, serve, drain on SIGTERM."""

from __future__ import annotations

import asyncio
import signal
import sys

from synapse_common.errors import ConfigurationError
from synapse_common.logs import configure_logging, get_logger
from synapse_common.server.http import HttpServer
from synapse_common.settings import load_settings

from synapse_local_upstream.app import LocalUpstream
from synapse_local_upstream.settings import LocalUpstreamSettings

_log = get_logger(__name__)


def main() -> int:
    """Run until SIGTERM or SIGINT; returns the process's exit status."""
    try:
        settings = load_settings(LocalUpstreamSettings)
    except ConfigurationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    configure_logging("local_upstream", settings.log_level)
    try:
        asyncio.run(_serve(settings))
    except OSError as error:
        _log.error("cannot start", reason=str(error))
        return 1
    return 0


async def _serve(settings: LocalUpstreamSettings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    upstream = LocalUpstream(settings)
    server = HttpServer(upstream.routes(), settings.host, settings.port, tls=None, grace_s=settings.drain_grace_s)
    await server.start()
    _log.info("listening", address=f"{settings.host}:{settings.port}")
    loading = asyncio.create_task(upstream.load())
    stopped = asyncio.create_task(stop.wait())
    try:
        # A fault while loading must end the process, not leave it listening and unready for ever.
        await asyncio.wait({loading, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if loading.done():
            loading.result()
            _log.info("ready")
        await stopped
        _log.info("draining")
    finally:
        loading.cancel()
        await server.stop()
        upstream.close()
    _log.info("stopped")
