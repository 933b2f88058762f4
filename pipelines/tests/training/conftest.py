from pathlib import Path

import pytest
from synapse_pipelines.data.prepare import prepare_dataset
from synapse_pipelines.presets import PRESETS
from synapse_pipelines.recipe import Recipe


@pytest.fixture(scope="session")
def quick() -> Recipe:
    """A recipe of some ten short steps, in the number format that every machine has."""
    changes = {"epochs": 1, "max_train_rows": 120, "max_valid_rows": 60, "max_tokens": 16, "precision": "float32"}
    return PRESETS["tiny"].model_copy(update=changes)


@pytest.fixture(scope="session")
def dataset(source_tables: Path, quick: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small prepared data set. Read it, do not write to it."""
    out = tmp_path_factory.mktemp("dataset")
    prepare_dataset(source_tables, quick, out)
    return out
