import shutil
from pathlib import Path

import pytest
from synapse_common.bundle import Bundle
from synapse_pipelines.augmentation.augment import FUNCTIONAL
from synapse_pipelines.data.dataset import load_split
from synapse_pipelines.data.prepare import prepare_dataset
from synapse_pipelines.evaluation.evaluate import TEST_LOGITS, Evaluation, evaluate_model, load_evaluation
from synapse_pipelines.presets import PRESETS
from synapse_pipelines.progress import ignore
from synapse_pipelines.training.distil import TEACHER_LOGITS
from synapse_pipelines.training.encoder import packaged_encoder
from synapse_pipelines.training.train import train_model

RECIPE = PRESETS["tiny"].model_copy(update={"epochs": 1, "max_train_rows": 200})


@pytest.fixture(scope="session")
def work(source_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders ``dataset``, ``trained`` and ``evaluated`` of a hardly trained model. Read it, do not write to it."""
    work = tmp_path_factory.mktemp("evaluation")
    prepare_dataset(source_tables, RECIPE, work / "dataset")
    train_model(work / "dataset", RECIPE, str(packaged_encoder()), work / "trained", ignore)
    evaluate_model(work / "trained", work / "dataset", RECIPE.seed, work / "evaluated")
    return work


@pytest.fixture(scope="session")
def evaluation(work: Path) -> Evaluation:
    """The evaluation of a hardly trained model."""
    return load_evaluation(work / "evaluated")


@pytest.fixture(scope="session")
def compared(work: Path, moderation_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """The same with a champion, with functional tests, and with a teacher that is the model itself."""
    copy = shutil.copytree(work, tmp_path_factory.mktemp("compared") / "work")
    shutil.copy(copy / "evaluated" / TEST_LOGITS, copy / "trained" / TEACHER_LOGITS)
    two = load_split(copy / "dataset", "test").groupby("toxicity").head(1)
    two.assign(source="generated/bank/block-0").to_parquet(copy / "dataset" / FUNCTIONAL, index=False)
    return evaluate_model(copy / "trained", copy / "dataset", RECIPE.seed, copy / "again", champion=moderation_bundle)
