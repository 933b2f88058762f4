"""Put a trained, measured and quantised model together as a bundle."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from synapse_common.bundle import ONNX_FILE, Manifest, bundle_version, write_manifest

from synapse_pipelines.evaluation.evaluate import Evaluation, load_evaluation
from synapse_pipelines.evaluation.gate import Check, gate_checks, require
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.registry.card.build import build_card
from synapse_pipelines.registry.card.data import HistoryEntry
from synapse_pipelines.registry.card.render import write_card
from synapse_pipelines.training.quantise import QuantisationSummary


def package_model(
    dataset: Path,
    trained: Path,
    evaluated: Path,
    quantised: Path,
    recipe: Recipe,
    name: str,
    out: Path,
    *,
    git_commit: str = "unknown",
    history: Sequence[HistoryEntry] = (),
) -> tuple[Manifest, list[Check]]:
    """Check the gate, then write the bundle with its card to `out`.

    Args:
        dataset: prepared data.
        trained: folder that training wrote.
        evaluated: folder that evaluation wrote.
        quantised: folder that quantisation wrote.
        recipe: says what the gate asks for.
        name: of the model.
        out: folder to write to.
        git_commit: commit of the code, for the card.
        history: the registered versions before this one, for the card.

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
    tokenizer = json.loads((trained / "model" / "tokenizer.json").read_bytes())
    # Indented, as it is saved, it is twice as large.
    (out / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")), "utf-8")
    shutil.copy(trained / "thresholds.json", out)
    for file in (ONNX_FILE, "reference.parquet"):
        shutil.copy(quantised / file, out)
    (out / "metrics.json").write_text(json.dumps(metrics, indent=2), encoding="utf-8")
    created = datetime.now(UTC).replace(microsecond=0)
    card = build_card(
        dataset,
        evaluation,
        quantisation,
        recipe,
        name=name,
        version=bundle_version(out),
        created=created,
        commit=git_commit,
        history=history,
    )
    write_card(card, out)
    manifest = write_manifest(
        out,
        kind="moderation",
        name=name,
        data=evaluation.data.model_dump(),
        metrics=metrics,
        base_encoder=evaluation.training.base_encoder,
        max_tokens=evaluation.training.max_tokens,
        created=created,
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
            metrics |= _known(f"accuracy.{category}.{language}", figures.accuracy)
            metrics |= _known(f"f1.{category}.{language}", figures.f1)
            metrics |= _known(f"auroc.{category}.{language}", figures.auroc)
            metrics |= _known(f"ece.{category}.{language}", figures.ece)
    for category, decision in evaluation.decisions.items():
        for population, rate in (("labelled", decision.labelled), ("everyday", decision.everyday)):
            if rate is not None:
                metrics[f"valid_false_positive_rate.{category}.{population}"] = rate.value
                metrics[f"valid_false_positive_rate_bound.{category}.{population}"] = rate.upper
    for language, macro in evaluation.macro.items():
        metrics[f"macro_auprc.{language}"] = macro.value
    if evaluation.identity.gap is not None:
        metrics["false_positive_gap"] = evaluation.identity.gap.value
    return {name: round(value, 6) for name, value in metrics.items()}


def _known(name: str, value: float | None) -> dict[str, float]:
    return {} if value is None else {name: value}
