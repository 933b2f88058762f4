"""The whole stack, once a session: real processes on free ports, serving the released moderation model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from synapse_cli.client import Connection, Gateway, open_gateway
from synapse_cli.local import RELEASED_MODEL
from synapse_cli.stack import LocalStack, StackConfig, StackPaths
from synapse_cli.stack.config import free_ports
from synapse_pipelines.testing import build_tiny_clustering_bundle

from tests.integration.trace_collector import TraceCollector


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The released moderation model, and small user clusters fitted by the real code."""
    clustering = tmp_path_factory.mktemp("bundles") / "clustering"
    build_tiny_clustering_bundle(clustering)
    return RELEASED_MODEL.absolute(), clustering


@pytest.fixture(scope="session")
def traces() -> Iterator[TraceCollector]:
    with TraceCollector.running() as collector:
        yield collector


@pytest.fixture(scope="session")
def stack_config(
    bundles: tuple[Path, Path], traces: TraceCollector, tmp_path_factory: pytest.TempPathFactory
) -> StackConfig:
    services = ("GATEWAY", "MODERATION", "CLUSTERING", "EMBEDDINGS", "DRIFT_MONITOR")
    endpoint = {f"SYNAPSE_{name}_OTLP_ENDPOINT": f"http://127.0.0.1:{traces.port}" for name in services}
    return StackConfig(
        paths=StackPaths(tmp_path_factory.mktemp("stack")),
        moderation_bundle=bundles[0],
        clustering_bundle=bundles[1],
        ports=free_ports(),
        extra={**endpoint, "SYNAPSE_GATEWAY_LOG_LEVEL": "debug", "SYNAPSE_MODERATION_LOG_LEVEL": "debug"},
    )


@pytest.fixture(scope="session")
def stack(stack_config: StackConfig) -> Iterator[LocalStack]:
    with LocalStack.running(stack_config) as running:
        yield running


@pytest.fixture
def connection(stack: LocalStack) -> Connection:
    return Connection.to_local_stack(stack.paths)


@pytest.fixture
def gateway(connection: Connection) -> Iterator[Gateway]:
    with open_gateway(connection) as services:
        yield services
