"""What the training pipeline's steps gave, each checked, with the time it took."""

from __future__ import annotations

import time

from synapse_pipelines.evaluation.evaluate import Evaluation
from synapse_pipelines.progress import Event
from synapse_pipelines.registry.models import CANDIDATE, find
from synapse_pipelines.run import TrainingResult

from synapse_cli.demo.steps import Part, Progress, check


class PipelineWatch:
    """Takes a pipeline run's events: shows them, and remembers how long each step took."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._started: dict[str, float] = {}
        self.seconds: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        """Take one event."""
        now = time.monotonic()
        if event.state in ("done", "cached"):
            self.seconds[event.step] = now - self._started.get(event.step, now)
            note = " from the cache" if event.state == "cached" else f" {self.seconds[event.step]:.1f} s"
            self._progress.done(f"{event.step}{note}")
            return
        self._started.setdefault(event.step, now)
        share = f" {event.fraction:.0%}" if event.fraction is not None else ""
        self._progress(f"{event.step} {event.state}{share} {event.message}".rstrip())


def training_parts(result: TrainingResult, watch: PipelineWatch) -> list[Part]:
    """Check what each step left behind, and say it in a line.

    Raises:
        CheckFailedError: something is not as it must be.
    """
    rows, evaluation, metrics = result.dataset.rows, result.evaluation, result.metrics
    quarantined = sum(count for reasons in result.dataset.quarantined.values() for count in reasons.values())
    check(min(rows["train"], rows["valid"], rows["test"]) > 0, f"a split is empty: {rows}")
    check(evaluation.training.rows_seen > 0, "training saw no row")
    check(
        result.dataset.name == "generated" or evaluation.macro_auprc >= evaluation.baseline_macro_auprc,
        f"macro AUPRC {evaluation.macro_auprc:.3f} is below the baseline's {evaluation.baseline_macro_auprc:.3f}",
    )
    agreement = metrics["int8_flag_agreement"]
    check(agreement > 0.9, f"int8 gives another verdict on {1 - agreement:.1%} of the test split")
    found = find(result.registered.name, CANDIDATE, result.registered.tracking_uri)
    check(
        found.bundle_version == result.bundle.manifest.version,
        f"the candidate is {found.bundle_version}, not {result.bundle.manifest.version}",
    )
    verdict = evaluation.flagged["all"]
    texts = {
        "prepare-data": f"{rows['train']} train, {rows['valid']} validation, {rows['test']} test rows; "
        f"{quarantined} quarantined, data version {result.dataset.version}",
        "augment": f"{result.dataset.generated_rows_in_train} of the train rows are generated",
        "train": f"{evaluation.training.rows_seen} rows seen, from {evaluation.training.base_encoder}",
        "evaluate": f"macro AUPRC {evaluation.macro_auprc:.3f} (baseline {evaluation.baseline_macro_auprc:.3f}), "
        f"flagged or not: precision {verdict.precision or 0:.3f}, recall {verdict.recall or 0:.3f}"
        f"{_beside_champion(evaluation)}",
        "quantise": f"int8 macro AUPRC {metrics['int8_macro_auprc']:.3f}, same verdict on {agreement:.1%}",
        "package": f"the gate is passed; bundle {result.bundle.manifest.version} with its card",
        "register": f"{found.name} version {found.version}, alias {CANDIDATE}",
    }
    return [Part(name, watch.seconds.get(name, 0.0), text) for name, text in texts.items()]


def _beside_champion(evaluation: Evaluation) -> str:
    """The same figure of the model that comes with the code, where it was measured beside this one."""
    champion = evaluation.champion
    if champion is None or "all" not in champion.macro_auprc:
        return ""
    return f"; the present champion {champion.name}: macro AUPRC {champion.macro_auprc['all']:.3f}"
