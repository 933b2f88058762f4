from pathlib import Path

import pytest
from synapse_common.bundle import Bundle
from synapse_pipelines.data.generate import BASIC_BANKS, write_tables
from synapse_pipelines.testing import build_tiny_moderation_bundle


@pytest.fixture(scope="session")
def source_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the three source tables, generated. Read it, do not write to it."""
    return write_tables(tmp_path_factory.mktemp("tables"), annotations=900, messages=400, seed=3, banks=BASIC_BANKS)


@pytest.fixture(scope="session")
def moderation_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A small trained moderation bundle. Read it, do not write to it."""
    folder = tmp_path_factory.mktemp("moderation") / "bundle"
    build_tiny_moderation_bundle(folder)
    return Bundle.open(folder, kind="moderation")
