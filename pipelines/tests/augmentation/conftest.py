import shutil
from pathlib import Path

import pandas as pd
import pytest
from synapse_pipelines.data.prepare import prepare_dataset
from synapse_pipelines.settings import Recipe


@pytest.fixture(scope="session")
def labelled_dataset(source_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared data set that does not say it is generated. Read it, do not write to it."""
    work = tmp_path_factory.mktemp("labelled")
    shutil.copytree(source_tables, work / "tables")
    rows = pd.read_parquet(work / "tables" / "annotations.parquet").assign(source="people")
    rows.to_parquet(work / "tables" / "annotations.parquet", index=False)
    prepare_dataset(work / "tables", Recipe(chat_sample=20), work / "dataset")
    return work / "dataset"


@pytest.fixture(scope="session")
def generated_dataset(source_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared data set of generated tables. Read it, do not write to it."""
    out = tmp_path_factory.mktemp("generated")
    prepare_dataset(source_tables, Recipe(chat_sample=20), out)
    return out
