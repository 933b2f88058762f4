"""Put a trained, measured and quantised model together as a bundle."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from synapse_common.bundle import Manifest, write_manifest

from synapse_pipelines.evaluation.evaluate import Evaluation, load_evaluation
from synapse_pipelines.evaluation.gate import Check, gate_checks, require
from synapse_pipelines.settings import Recipe
from synapse_pipelines.training.card import moderation_card
from synapse_pipelines.training.quantise import QuantisationSummary


def package_model(
    trained: Path, evaluated: Path, quantised: Path, recipe: Recipe, name: str, out: Path
) -> tuple[Manifest, list[Check]]:
    """Check the gate, then write the bundle to `out`.

    Raises:
        GateError: the model is not good enough; nothing is written.
    """
    evaluation = load_evaluation(evaluated)
    quantisation = QuantisationSummary.model_validate_json((quantised / "quantisation.json").read_bytes())
    checks = gate_checks(evaluation, quantisation, recipe)
    require(checks)
    metrics = flat_metrics(evaluation, quantisation)
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(trained / "model", out / "model")
    shutil.copy(trained / "model" / "tokenizer.json", out)
    shutil.copy(trained / "thresholds.json", out)
    for file in ("model.int8.onnx", "reference.parquet"):
        shutil.copy(quantised / file, out)
    (out / "metrics.json").write_text(json.dumps(metrics, indent=2), encoding="utf-8")
    (out / "CARD.md").write_text(moderation_card(evaluation, quantisation, recipe), encoding="utf-8")
    manifest = write_manifest(
        out,
        kind="moderation",
        name=name,
        data=evaluation.data.model_dump(),
        metrics=metrics,
        base_encoder=evaluation.training.base_encoder,
        max_tokens=evaluation.training.max_tokens,
    )
    return manifest, checks


def flat_metrics(evaluation: Evaluation, quantisation: QuantisationSummary) -> dict[str, float]:
    """Return the figures of a model by flat name, for the manifest, the tracker and the Kubeflow UI."""
    metrics = {
        "macro_auprc": evaluation.macro_auprc,
        "baseline_macro_auprc": evaluation.baseline_macro_auprc,
        "chat_flag_rate": evaluation.chat_flag_rate,
        "int8_macro_auprc": quantisation.int8_macro_auprc,
        "int8_flag_agreement": quantisation.flag_agreement,
        "train_seconds": evaluation.training.seconds,
    }
    for language, figures in evaluation.flagged.items():
        for figure in ("accuracy", "precision", "recall", "f1", "false_positive_rate"):
            metrics |= _known(f"flagged_{figure}.{language}", getattr(figures, figure))
    for language, categories in evaluation.figures.items():
        for category, figures in categories.items():
            metrics |= _known(f"auprc.{category}.{language}", figures.auprc)
            metrics |= _known(f"f1.{category}.{language}", figures.f1)
    return {name: round(value, 6) for name, value in metrics.items()}


def _known(name: str, value: float | None) -> dict[str, float]:
    return {} if value is None else {name: value}
