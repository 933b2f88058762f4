import urllib.request

import httpx
import pytest
from synapse_common.ports import HOST, free_port
from synapse_common.server.health import Health
from synapse_common.server.http import HttpServer, admin_routes
from synapse_common.settings import TlsSettings
from synapse_common.testing import ServiceProcess
from synapse_common.tls import client_ssl_context


async def test_the_admin_pages_say_how_the_process_is() -> None:
    health = Health()
    server = HttpServer(admin_routes(health), HOST, port := free_port(), tls=None, grace_s=1)
    await server.start()
    async with httpx.AsyncClient(base_url=f"http://{HOST}:{port}") as client:
        assert (await client.get("/livez")).status_code == 200
        starting = await client.get("/readyz")
        assert (starting.status_code, starting.text) == (503, "starting\n")
        await health.set_ready()
        assert (await client.get("/readyz")).status_code == 200
        metrics = await client.get("/metrics")
        assert metrics.headers["content-type"].startswith("text/plain")
        assert "# TYPE" in metrics.text
    await server.stop()
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://{HOST}:{port}/livez")


def test_rest_routes_answer_over_mutual_tls(scripted: ServiceProcess, client_tls: TlsSettings) -> None:
    url = f"https://{HOST}:{scripted.ports['rest']}/hello"
    with urllib.request.urlopen(url, context=client_ssl_context(client_tls), timeout=10) as answer:
        assert answer.read() == b"hello"
