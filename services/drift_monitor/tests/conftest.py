from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import grpc
import numpy as np
import pandas as pd
import pytest
from synapse.v1 import drift_pb2 as pb
from synapse.v1.moderation_pb2 import CategoryScore
from synapse_common.bundle import REQUIRED_FILES, Bundle, write_manifest
from synapse_common.server.errors import map_errors
from synapse_common.server.wrap import AroundInterceptor
from synapse_common.settings import TlsSettings
from synapse_common.taxonomy import CATEGORIES, COLUMNS
from synapse_drift_monitor.app import DriftMonitorApp
from synapse_drift_monitor.drift.reference import Reference, load_reference
from synapse_drift_monitor.settings import DriftMonitorSettings


@dataclass(frozen=True)
class Population:
    """Draws predictions that look like a moderation model's on chat: mostly low, related scores, two languages."""

    shift: float = 0.0
    portuguese: float = 0.4

    def draw(self, rows: int, random: np.random.Generator) -> pd.DataFrame:
        mood = random.normal(self.shift, 1.0, size=(rows, 1))
        logits = -3.5 + 1.5 * mood + random.normal(0.0, 1.0, size=(rows, len(COLUMNS)))
        scores = (1 / (1 + np.exp(-logits))).astype(np.float32)
        columns: dict[str, object] = {f"score__{column}": scores[:, i] for i, column in enumerate(COLUMNS)}
        columns["text_length"] = random.poisson(random.lognormal(3.5, 0.8, rows)).astype(np.int64) + 1
        columns["language"] = random.choice(
            ["en", "pt", "und"], rows, p=[0.95 - self.portuguese, self.portuguese, 0.05]
        )
        columns["flagged"] = (scores > 0.5).any(axis=1)
        return pd.DataFrame(columns)


@pytest.fixture(scope="session")
def population() -> Callable[..., Population]:
    return Population


@pytest.fixture
def make_bundle(tmp_path: Path) -> Callable[..., Path]:
    def make(table: pd.DataFrame, name: str = "bundle") -> Path:
        folder = tmp_path / name
        (folder / "model").mkdir(parents=True)
        for file in REQUIRED_FILES["moderation"]:
            (folder / file).write_text("{}")
        table.to_parquet(folder / "reference.parquet", index=False)
        write_manifest(
            folder, kind="moderation", name="moderation", data={}, metrics={}, base_encoder="test", max_tokens=64
        )
        return folder

    return make


@pytest.fixture
def bundle(make_bundle: Callable[..., Path]) -> Path:
    return make_bundle(Population().draw(2000, np.random.default_rng(0)))


@pytest.fixture
def reference(bundle: Path) -> Reference:
    return load_reference(Bundle.open(bundle, kind="moderation"))


@pytest.fixture
def settings(bundle: Path, tmp_path: Path) -> DriftMonitorSettings:
    unused = Path("unused.pem")
    tls = TlsSettings(certificate=unused, key=unused, ca=unused)
    return DriftMonitorSettings(bundle=bundle, tls=tls, report_folder=tmp_path / "reports", max_versions=3)


@pytest.fixture
def events() -> Callable[..., list[pb.PredictionEvent]]:
    """Turns a table of predictions into events."""

    def make(table: pd.DataFrame, model_version: str, route: str = "moderate") -> list[pb.PredictionEvent]:
        made = []
        for index, row in enumerate(table.itertuples(index=False)):
            scores = [
                CategoryScore(category=category, score=getattr(row, f"score__{column}"))
                for category, column in zip(CATEGORIES, COLUMNS, strict=True)
            ]
            event = pb.PredictionEvent(
                event_id=f"e{index}",
                model="moderation",
                model_version=model_version,
                group="stable",
                route=route,
                language=row.language,
                text_length=row.text_length,
                scores=scores,
                flagged=row.flagged,
            )
            event.time.GetCurrentTime()
            made.append(event)
        return made

    return make


@pytest.fixture
async def started(settings: DriftMonitorSettings) -> AsyncIterator[tuple[DriftMonitorApp, str]]:
    """The app behind a real server, and its address."""
    app = DriftMonitorApp(settings)
    server = grpc.aio.server(interceptors=[AroundInterceptor(map_errors)])
    app.register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    await app.start()
    yield app, f"127.0.0.1:{port}"
    await server.stop(None)
    await app.close()


@pytest.fixture
def address(started: tuple[DriftMonitorApp, str]) -> str:
    return started[1]
