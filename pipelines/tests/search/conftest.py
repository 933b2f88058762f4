from pathlib import Path

import pytest
from synapse_pipelines.data.prepare import prepare_dataset
from synapse_pipelines.presets import PRESETS
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.search.recipe import SearchRecipe


@pytest.fixture(scope="session")
def searching() -> Recipe:
    """A recipe whose trials take some short steps each."""
    search = SearchRecipe(trials=3, train_rows=80, valid_rows=100, looks=3)
    changes = {"epochs": 1, "max_tokens": 16, "precision": "float32", "search": search}
    return PRESETS["tiny"].model_copy(update=changes)


@pytest.fixture(scope="session")
def search_dataset(source_tables: Path, searching: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small prepared data set. Read it, do not write to it."""
    out = tmp_path_factory.mktemp("search-dataset")
    prepare_dataset(source_tables, searching, out)
    return out
