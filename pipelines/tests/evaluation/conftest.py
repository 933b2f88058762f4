from pathlib import Path

import pytest
from synapse_pipelines.data.prepare import prepare_dataset
from synapse_pipelines.evaluation.evaluate import Evaluation, evaluate_model
from synapse_pipelines.progress import ignore
from synapse_pipelines.settings import PRESETS
from synapse_pipelines.training.encoder import packaged_encoder
from synapse_pipelines.training.train import train_model

RECIPE = PRESETS["tiny"].model_copy(update={"epochs": 1, "max_train_rows": 200})


@pytest.fixture(scope="session")
def evaluation(source_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """The evaluation of a hardly trained model."""
    work = tmp_path_factory.mktemp("evaluation")
    prepare_dataset(source_tables, RECIPE, work / "dataset")
    train_model(work / "dataset", RECIPE, str(packaged_encoder()), work / "trained", ignore)
    return evaluate_model(work / "trained", work / "dataset", RECIPE.seed, work / "evaluated")
