import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import grpc
import numpy as np
import pytest
from synapse_clustering.app import ClusteringApp
from synapse_clustering.settings import ClusteringSettings
from synapse_common.bundle import write_manifest
from synapse_common.server.errors import map_errors
from synapse_common.server.wrap import AroundInterceptor
from synapse_common.settings import TlsSettings

FEATURES = ["sessions_per_week", "mean_message_length"]


@pytest.fixture
def make_bundle(tmp_path: Path) -> Callable[..., Path]:
    """Writes bundles of three clusters at (0, 0), (4, 0), (0, 8) in scaled space; raw = scaled * (2, 10) + (1, 100)."""

    def make(name: str, **arrays: object) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        content = {
            "centers": [[0.0, 0.0], [4.0, 0.0], [0.0, 8.0]],
            "scaler_center": [1.0, 100.0],
            "scaler_scale": [2.0, 10.0],
            **arrays,
        }
        np.savez(folder / "clusters.npz", **{key: np.asarray(value) for key, value in content.items()})
        features = [{"name": feature, "unit": "1", "description": feature} for feature in FEATURES]
        (folder / "features.json").write_text(json.dumps({"features": features}))
        (folder / "labels.json").write_text(json.dumps({"0": "quiet", "1": "regular", "2": "talkative"}))
        (folder / "metrics.json").write_text("{}")
        (folder / "CARD.md").write_text("# test\n")
        write_manifest(folder, kind="clustering", name="clustering", data={}, metrics={"silhouette": 0.5})
        return folder

    return make


@pytest.fixture
def bundle(make_bundle: Callable[..., Path]) -> Path:
    return make_bundle("bundle")


@pytest.fixture
def settings(bundle: Path) -> ClusteringSettings:
    unused = Path("unused.pem")
    tls = TlsSettings(certificate=unused, key=unused, ca=unused)
    return ClusteringSettings(bundle=bundle, tls=tls, max_batch=1000)


@pytest.fixture
async def started(settings: ClusteringSettings) -> ClusteringApp:
    app = ClusteringApp(settings)
    await app.start()
    return app


@pytest.fixture
async def address(started: ClusteringApp) -> AsyncIterator[str]:
    server = grpc.aio.server(interceptors=[AroundInterceptor(map_errors)])
    started.register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)
