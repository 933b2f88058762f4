"""The two jobs that commands start: train the moderation model, cluster the users."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synapse_common.bundle import Bundle

from synapse_pipelines.data.dataset import REPORT_FILE as DATA_REPORT_FILE
from synapse_pipelines.data.dataset import DatasetInfo, load_info
from synapse_pipelines.data.generate import write_tables
from synapse_pipelines.data.sources import data_version
from synapse_pipelines.data.storage import Location
from synapse_pipelines.evaluation.baselines.lexicon import LEXICON_FILES
from synapse_pipelines.evaluation.champion import present_champion
from synapse_pipelines.evaluation.evaluate import Evaluation, load_evaluation
from synapse_pipelines.evaluation.report import html_report
from synapse_pipelines.pii.masking import tagger_folder
from synapse_pipelines.progress import Event, OnEvent, ignore
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.registry.models import RegisteredModel
from synapse_pipelines.registry.tracking import local_tracking_uri
from synapse_pipelines.registry.version_store import local_version_remote
from synapse_pipelines.search.result import SearchResult
from synapse_pipelines.search.study import local_database
from synapse_pipelines.search.tune import RECIPE_FILE, REPORT_FILE, load_result
from synapse_pipelines.settings import TrainingSettings
from synapse_pipelines.training.clusters import ClusterRecipe
from synapse_pipelines.training.encoder import encoder_version, resolve_encoder
from synapse_pipelines.workflows.moderation_search import moderation_search
from synapse_pipelines.workflows.moderation_training import moderation_training
from synapse_pipelines.workflows.run_local import run_pipeline
from synapse_pipelines.workflows.user_clustering import user_clustering
from synapse_pipelines.workflows.versions import code_version, git_commit

CLUSTERS_NAME = "user-clusters"


@dataclass(frozen=True)
class TrainingResult:
    """What a training run left behind."""

    bundle: Bundle
    dataset: DatasetInfo
    dataset_dir: Path
    """Prepared data: ``train|valid|test.parquet``, ``chat.parquet`` and ``quarantine/``."""
    evaluation: Evaluation
    evaluation_file: Path
    registered: RegisteredModel

    @property
    def metrics(self) -> dict[str, float]:
        """The figures of the bundle by flat name."""
        return self.bundle.manifest.metrics


@dataclass(frozen=True)
class SearchRun:
    """What a search left behind."""

    result: SearchResult
    report: Path
    recipe_file: Path
    tracking_uri: str


@dataclass(frozen=True)
class ClusteringResult:
    """What a clustering run left behind."""

    bundle: Bundle
    registered: RegisteredModel

    @property
    def metrics(self) -> dict[str, float]:
        """The figures of the bundle by flat name."""
        return self.bundle.manifest.metrics


def run_training(settings: TrainingSettings, on_event: OnEvent = ignore) -> TrainingResult:
    """Run the moderation pipeline on this machine, from source tables to a registered candidate.

    Raises:
        SynapseError: the data cannot be used, or a step failed; the message says which and why.
    """
    recipe = settings.effective_recipe
    data_dir = _data_dir(settings, on_event)
    encoder = resolve_encoder(settings.base_encoder, settings.build_dir.resolve() / "encoders")
    common = _common(settings, data_dir)
    champion, champion_version = present_champion(settings.model_name, common["tracking_uri"])
    arguments = common | {
        "data_recipe": recipe.without_search().model_dump_json(),
        "recipe": recipe.model_dump_json(),
        "trials": recipe.search.trials,
        "search_database": settings.search_database or local_database(settings.build_dir),
        "seed": recipe.seed,
        "base_encoder": encoder,
        "encoder_version": encoder_version(encoder),
        "backend": settings.training_backend.model_dump_json(),
        "checkpoints": str(settings.build_dir.resolve() / "checkpoints"),
        "champion": champion,
        "champion_version": champion_version,
        **_judge(recipe, champion, champion_version),
        "model_name": settings.model_name,
    }
    outputs = run_pipeline(moderation_training, arguments, build_dir=settings.build_dir, on_event=on_event)
    dataset_dir, evaluated = Path(outputs["dataset"].path), Path(outputs["evaluation"].path)
    return TrainingResult(
        bundle=Bundle.open(Path(outputs["bundle"].path), kind="moderation"),
        dataset=load_info(dataset_dir),
        dataset_dir=dataset_dir,
        evaluation=load_evaluation(evaluated),
        evaluation_file=evaluated / "evaluation.json",
        registered=_registered(outputs),
    )


def write_reports(result: TrainingResult, folder: Path) -> tuple[Path, Path]:
    """Write the reports of the data and of the evaluation as pages into `folder`; return the two files."""
    folder.mkdir(parents=True, exist_ok=True)
    data, evaluation = folder / "data.html", folder / "evaluation.html"
    shutil.copy(result.dataset_dir / DATA_REPORT_FILE, data)
    evaluation.write_text(html_report(result.evaluation), encoding="utf-8")
    return data, evaluation


def run_search(settings: TrainingSettings, on_event: OnEvent = ignore) -> SearchRun:
    """Run the search for better settings on this machine.

    Raises:
        SynapseError: the data cannot be used, or a step failed; the message says which and why.
    """
    recipe = settings.effective_recipe
    encoder = resolve_encoder(settings.base_encoder, settings.build_dir.resolve() / "encoders")
    common = _common(settings, _data_dir(settings, on_event))
    del common["version_remote"]  # a search leaves nothing that is kept under version
    arguments = common | {
        "data_recipe": recipe.without_search().model_dump_json(),
        "recipe": recipe.model_dump_json(),
        **_judge(recipe, *present_champion(settings.model_name, common["tracking_uri"])),
        "base_encoder": encoder,
        "encoder_version": encoder_version(encoder),
        "search_database": settings.search_database or local_database(settings.build_dir),
    }
    outputs = run_pipeline(moderation_search, arguments, build_dir=settings.build_dir, on_event=on_event)
    out = Path(outputs["search"].path)
    return SearchRun(load_result(out), out / REPORT_FILE, out / RECIPE_FILE, str(arguments["tracking_uri"]))


def run_clustering(
    settings: TrainingSettings, on_event: OnEvent = ignore, recipe: ClusterRecipe | None = None
) -> ClusteringResult:
    """Run the clustering pipeline on this machine.

    Raises:
        SynapseError: the data cannot be used, or a step failed; the message says which and why.
    """
    arguments = _common(settings, _data_dir(settings, on_event)) | {
        "recipe": (recipe or ClusterRecipe()).model_dump_json(),
        "model_name": CLUSTERS_NAME,
    }
    outputs = run_pipeline(user_clustering, arguments, build_dir=settings.build_dir, on_event=on_event)
    bundle = Bundle.open(Path(outputs["bundle"].path), kind="clustering")
    return ClusteringResult(bundle=bundle, registered=_registered(outputs))


def _data_dir(settings: TrainingSettings, on_event: OnEvent) -> Location:
    if settings.data_dir is not None:
        return settings.data_dir
    on_event(Event("generate-data", "started", "no data folder given"))
    folder = settings.build_dir.resolve() / "data" / "generated"
    seed = settings.effective_recipe.seed
    write_tables(folder, annotations=settings.generated_annotations, messages=settings.generated_messages, seed=seed)
    on_event(Event("generate-data", "done"))
    return folder


def _common(settings: TrainingSettings, data_dir: Location) -> dict[str, Any]:
    masks_names = settings.effective_recipe.pii_profile == "full"
    return {
        "data_dir": str(data_dir),
        "data_version": data_version(data_dir, LEXICON_FILES),
        "code_version": code_version(*([tagger_folder()] if masks_names else [])),
        "tracking_uri": settings.tracking_uri or local_tracking_uri(settings.build_dir),
        "git_commit": git_commit(),
        "version_remote": settings.version_remote or local_version_remote(settings.build_dir),
    }


def _judge(recipe: Recipe, champion: str, version: str) -> dict[str, str]:
    """The model that judges copies of rows. None unless asked for: else each promotion would make the data anew."""
    asked = recipe.augmentation.champion_judges
    return {"judge": champion if asked else "", "judge_version": version if asked else ""}


def _registered(outputs: dict[str, Any]) -> RegisteredModel:
    return RegisteredModel(**json.loads(Path(outputs["registered"].path).read_text(encoding="utf-8")))
