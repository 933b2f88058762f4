"""Components of the moderation pipeline. Each body is one call into a plain function and the log of its result.

No postponed annotations here: KFP reads the signatures at import. Imports stand inside the bodies because KFP ships the
source of a body alone.
"""

# mypy: disable-error-code="untyped-decorator"
# KFP ships no types.

from kfp import dsl
from kfp.dsl import HTML, Artifact, ClassificationMetrics, Dataset, Input, Markdown, Metrics, Model, Output

from synapse_pipelines.components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def prepare_data(
    data_dir: str,
    data_version: str,
    code_version: str,
    recipe: str,
    dataset: Output[Dataset],
    report: Output[HTML],
    summary: Output[Markdown],
    metrics: Output[Metrics],
) -> None:
    """Validate, clean, split and sample the source tables. The two versions are there to key the cache."""
    import shutil
    from pathlib import Path

    from synapse_pipelines.components.metrics import write_metadata
    from synapse_pipelines.data.dataset import REPORT_FILE, markdown_summary
    from synapse_pipelines.data.prepare import prepare_dataset
    from synapse_pipelines.recipe import Recipe

    info = prepare_dataset(data_dir, Recipe.model_validate_json(recipe), Path(dataset.path))
    dataset.metadata.update(name=info.name, version=info.version, source=data_version, code=code_version)
    shutil.copy(Path(dataset.path) / REPORT_FILE, report.path)
    Path(summary.path).write_text(markdown_summary(info), encoding="utf-8")
    for split, rows in info.rows.items():
        metrics.log_metric(f"{split}_rows", rows)
    metrics.log_metric("quarantined_rows", sum(sum(reasons.values()) for reasons in info.quarantined.values()))
    write_metadata(metrics)


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def augment(
    dataset: Input[Dataset],
    recipe: str,
    base_encoder: str,
    encoder_version: str,
    judge: str,
    judge_version: str,
    tracking_uri: str,
    augmented: Output[Dataset],
    summary: Output[Markdown],
    metrics: Output[Metrics],
) -> None:
    """Add generated rows to train and validation, and the functional tests.

    The encoder judges copies of rows, and so does the champion `judge` where one is named. Its version keys the cache.
    """
    import tempfile
    from pathlib import Path

    from synapse_pipelines.augmentation.augment import augment_dataset, markdown_summary
    from synapse_pipelines.augmentation.chat import chat_client
    from synapse_pipelines.components.metrics import write_metadata
    from synapse_pipelines.data.dataset import load_info
    from synapse_pipelines.evaluation.champion import open_champion
    from synapse_pipelines.progress import print_event
    from synapse_pipelines.recipe import Recipe

    settings = Recipe.model_validate_json(recipe)
    with tempfile.TemporaryDirectory() as scratch:
        info = augment_dataset(
            Path(dataset.path),
            settings,
            Path(augmented.path),
            print_event,
            base_encoder=base_encoder,
            champion=open_champion(judge, tracking_uri, Path(scratch)) if judge else None,
            chat=chat_client(settings.augmentation),
        )
    augmented.metadata.update(dataset.metadata | {"version": load_info(Path(augmented.path)).version})
    augmented.metadata.update(encoder_version=encoder_version, judge=judge_version)
    Path(summary.path).write_text(markdown_summary(info), encoding="utf-8")
    for method, rows in info.rows["train"].items():
        metrics.log_metric(f"train_rows_{method}", rows)
    write_metadata(metrics)


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def train(
    dataset: Input[Dataset],
    recipe: str,
    base_encoder: str,
    encoder_version: str,
    backend: str,
    checkpoints: str,
    model: Output[Model],
    metrics: Output[Metrics],
) -> None:
    """Fine-tune the classifier where `backend` says, and calibrate it on validation.

    The encoder's version keys the cache. `checkpoints` is a folder that outlives the step (none where empty): a step
    that was cut off goes on from there when it runs again.
    """
    from pathlib import Path

    from synapse_pipelines.components.metrics import write_metadata
    from synapse_pipelines.progress import print_event
    from synapse_pipelines.recipe import Recipe
    from synapse_pipelines.training.backends.base import TrainingJob, make_backend
    from synapse_pipelines.training.backends.settings import BackendSettings

    kept = Path(checkpoints) if checkpoints else None
    job = TrainingJob(Path(dataset.path), Recipe.model_validate_json(recipe), base_encoder, Path(model.path), kept)
    summary = make_backend(BackendSettings.model_validate_json(backend)).run(job, print_event)
    model.metadata.update(base_encoder=summary.base_encoder, encoder_version=encoder_version)
    model.metadata.update(parameters=summary.parameters, framework="pytorch")
    metrics.log_metric("steps", summary.steps)
    metrics.log_metric("seconds", summary.seconds)
    metrics.log_metric("final_loss", summary.train_loss[-1])
    write_metadata(metrics)


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def distil(
    trained: Input[Model],
    dataset: Input[Dataset],
    recipe: str,
    checkpoints: str,
    model: Output[Model],
    metrics: Output[Metrics],
) -> None:
    """Train the recipe's student on what the trained model says; without a student the trained model goes on as it is.

    `checkpoints` as in training.
    """
    import shutil
    from pathlib import Path

    from synapse_pipelines.components.metrics import write_metadata
    from synapse_pipelines.progress import print_event
    from synapse_pipelines.recipe import Recipe

    settings = Recipe.model_validate_json(recipe)
    model.metadata.update(trained.metadata)
    if settings.student is None:
        shutil.copytree(trained.path, model.path, dirs_exist_ok=True)
    else:
        from synapse_pipelines.training.distil import distil_model  # torch takes seconds to load

        kept = Path(checkpoints) if checkpoints else None
        summary = distil_model(Path(trained.path), Path(dataset.path), settings, Path(model.path), print_event, kept)
        model.metadata.update(parameters=summary.student_parameters)
        metrics.log_metric("macro_auprc_lost", summary.cost)
        metrics.log_metric("parameters_share", summary.student_parameters / summary.teacher_parameters)
    write_metadata(metrics)


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def evaluate(
    model: Input[Model],
    dataset: Input[Dataset],
    data_dir: str,
    seed: int,
    champion: str,
    champion_version: str,
    tracking_uri: str,
    evaluation: Output[Artifact],
    report: Output[HTML],
    summary: Output[Markdown],
    metrics: Output[Metrics],
    verdict: Output[ClassificationMetrics],
    toxicity: Output[ClassificationMetrics],
) -> None:
    """Measure the model, the baselines and the present champion on the test split; the report shows all of it.

    The champion's version keys the cache.
    """
    import tempfile
    from pathlib import Path

    from synapse_pipelines.components.metrics import write_metadata
    from synapse_pipelines.data.storage import files_at_hand
    from synapse_pipelines.evaluation.baselines.lexicon import LEXICON_FILES
    from synapse_pipelines.evaluation.champion import open_champion
    from synapse_pipelines.evaluation.evaluate import evaluate_model
    from synapse_pipelines.evaluation.report import html_report, markdown_summary

    folders = (Path(model.path), Path(dataset.path))
    with tempfile.TemporaryDirectory() as scratch:
        other = open_champion(champion, tracking_uri, Path(scratch)) if champion else None
        lists = files_at_hand(data_dir, LEXICON_FILES, Path(scratch) / "lists")
        found = evaluate_model(*folders, seed, Path(evaluation.path), data_dir=lists, champion=other)
    evaluation.metadata.update(champion=champion_version)
    Path(report.path).write_text(html_report(found), encoding="utf-8")
    Path(summary.path).write_text(markdown_summary(found), encoding="utf-8")
    metrics.log_metric("macro_auprc", found.macro_auprc)
    metrics.log_metric("baseline_macro_auprc", found.baseline_macro_auprc)
    metrics.log_metric("chat_flag_rate", found.chat_flag_rate)
    metrics.log_metric("goals_met", sum(goal.met for goal in found.goals))
    verdict.log_confusion_matrix(["let pass", "flagged"], found.flagged_confusion)
    toxicity.log_confusion_matrix(["clean", "toxic"], found.confusion["toxicity"])
    if points := found.curves.get("toxicity"):
        toxicity.log_roc_curve(points["fpr"], points["tpr"], points["threshold"])
    write_metadata(metrics, verdict, toxicity)


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def quantise(
    model: Input[Model],
    dataset: Input[Dataset],
    evaluation: Input[Artifact],
    recipe: str,
    quantised: Output[Model],
    metrics: Output[Metrics],
) -> None:
    """Export to ONNX, quantise to int8 and measure what that costs."""
    from pathlib import Path

    from synapse_pipelines.components.metrics import write_metadata
    from synapse_pipelines.recipe import Recipe
    from synapse_pipelines.training.quantise import quantise_model

    folders = (Path(model.path), Path(dataset.path), Path(evaluation.path), Path(quantised.path))
    summary = quantise_model(*folders, Recipe.model_validate_json(recipe).int8_levels)
    quantised.metadata.update(framework="onnx", precision="int8", bytes=summary.int8_bytes)
    metrics.log_metric("int8_macro_auprc", summary.int8_macro_auprc)
    metrics.log_metric("macro_auprc_lost", summary.cost)
    metrics.log_metric("flag_agreement", summary.flag_agreement)
    write_metadata(metrics)


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def package(
    dataset: Input[Dataset],
    model: Input[Model],
    evaluation: Input[Artifact],
    quantised: Input[Model],
    recipe: str,
    name: str,
    tracking_uri: str,
    git_commit: str,
    bundle: Output[Model],
    checks: Output[Markdown],
    card: Output[Markdown],
) -> None:
    """Pass the gate, then write the bundle and its card; a model that is not good enough fails the run here."""
    from pathlib import Path

    from synapse_pipelines.recipe import Recipe
    from synapse_pipelines.registry.card.history import metrics_history
    from synapse_pipelines.training.package import package_model

    manifest, passed = package_model(
        Path(dataset.path),
        Path(model.path),
        Path(evaluation.path),
        Path(quantised.path),
        Recipe.model_validate_json(recipe),
        name,
        Path(bundle.path),
        git_commit=git_commit,
        history=metrics_history(name, tracking_uri),
    )
    Path(card.path).write_text((Path(bundle.path) / "CARD.md").read_text(encoding="utf-8"), encoding="utf-8")
    bundle.metadata.update(name=name, version=manifest.version, data_version=manifest.data["version"])
    Path(checks.path).write_text("# Gate passed\n\n" + "\n".join(f"- {check}" for check in passed), encoding="utf-8")


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def register(
    dataset: Input[Dataset],
    bundle: Input[Model],
    evaluation: Input[Artifact],
    recipe: str,
    tracking_uri: str,
    git_commit: str,
    version_remote: str,
    registered: Output[Artifact],
) -> None:
    """Log the run in MLflow, put bundle and data under version in DVC, and register the bundle as candidate."""
    from pathlib import Path

    from synapse_pipelines.registry.register import register_moderation

    found = register_moderation(
        Path(bundle.path),
        Path(evaluation.path),
        Path(dataset.path),
        recipe,
        tracking_uri=tracking_uri,
        git_commit=git_commit,
        version_remote=version_remote,
    )
    Path(registered.path).write_text(found.model_dump_json(), encoding="utf-8")
    registered.metadata.update(name=found.name, version=found.version, run_id=found.run_id)
