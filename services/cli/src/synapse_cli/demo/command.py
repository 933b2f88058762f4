"""``synapse demo``: the steps in order, the closing table, the report."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Console
from synapse_common.bundle import Bundle

from synapse_cli.demo.steps import Outcome, Progress, Step, StepResult, check, print_table, run_steps
from synapse_cli.local import RELEASED_MODEL
from synapse_cli.stack import LocalStack, StackConfig, StackPaths

if TYPE_CHECKING:
    from synapse_pipelines.run import ClusteringResult, TrainingResult
    from synapse_pipelines.settings import TrainingSettings

    from synapse_cli.client import Connection

_FOLDER = Path("build/demo")
_LATENCY_MESSAGES = 400
_DRIFT_MESSAGES = 400

T = TypeVar("T")


def demo(
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder with the source tables; found beside the checkout or generated when not given.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
) -> None:
    """The platform's main job on this machine: train, register, serve, chat, watch; every step is checked.

    Ends with a table and build/demo/report.html; exits 1 when a step fails. Needs no key, no cluster and no network.
    """
    # The pipelines capture standard output; the console keeps writing to the real one.
    console = Console(file=sys.stdout)
    # Training's libraries take seconds to import; `synapse --help` should not wait for them.
    with console.status("loading"):
        from synapse_pipelines.settings import load_training_settings

        from synapse_cli.demo.report import write_report

    settings = load_training_settings().model_copy(update={"data_dir": data.resolve()} if data else {})
    run = DemoRun(settings)
    try:
        outcomes = run_steps(run.steps(), console)
    finally:
        run.stop()
    print_table(outcomes, console)
    report = _FOLDER / "report.html"
    write_report(report, outcomes, run.trained.evaluation if run.trained else None)
    console.print(f"report: {report}", highlight=False)
    _say_what_next(outcomes, console)


@dataclass
class DemoRun:
    """What the steps hand to one another."""

    settings: TrainingSettings
    trained: TrainingResult | None = None
    clustered: ClusteringResult | None = None
    config: StackConfig | None = None
    stack: LocalStack | None = None

    def steps(self) -> list[Step]:
        """The steps in order."""
        return [
            Step("moderation model: prepare, train, evaluate, quantise, register", self._train),
            Step("user clusters: features, train, register", self._cluster),
            Step("serve: five services over mutual TLS", self._serve),
            Step("guarded chat", self._chat),
            Step("latency", self._latency),
            Step("drift", self._drift),
            Step("drain: stop every service cleanly", self._drain),
        ]

    def stop(self) -> None:
        """End what still runs, whatever happened."""
        if self.stack is not None:
            self.stack.stop()
            self.stack = None

    def _train(self, progress: Progress) -> StepResult:
        from synapse_pipelines.run import run_training

        from synapse_cli.demo.training import PipelineWatch, training_parts

        watch = PipelineWatch(progress)
        self.trained = result = run_training(self.settings, watch)
        kind = "real labelled" if result.dataset.name == "labelled" else "generated"
        return StepResult(
            f"trained on {kind} messages; candidate {result.bundle.manifest.version}",
            parts=training_parts(result, watch),
        )

    def _cluster(self, progress: Progress) -> StepResult:
        from synapse_pipelines.run import run_clustering

        from synapse_cli.demo.training import PipelineWatch

        self.clustered = result = run_clustering(self.settings, PipelineWatch(progress))
        return StepResult(
            f"{result.metrics['users']:.0f} users in {result.metrics['k']:.0f} clusters, silhouette "
            f"{result.metrics['silhouette']:.2f}; candidate {result.bundle.manifest.version}",
            {"clusters": result.bundle.json("labels.json")},
        )

    def _serve(self, progress: Progress) -> StepResult:
        from synapse_pipelines.training.reference import write_reference

        from synapse_cli.stack.config import free_ports

        # What is usual is what this run's data say, not the data of the model that comes with the code.
        reference = (_FOLDER / "reference.parquet").absolute()
        write_reference(self._served(), _given(self.trained).dataset_dir, reference)
        self.config = StackConfig(
            paths=StackPaths((_FOLDER / "run").absolute()),
            moderation_bundle=self._served().path,
            clustering_bundle=_given(self.clustered).bundle.path,
            drift_reference=reference,
            ports=free_ports(),
            # One window holds one phase of the drift step.
            extra={"SYNAPSE_DRIFT_MONITOR_WINDOW_SIZE": str(_DRIFT_MESSAGES)},
        )
        self.stack = LocalStack.start(self.config, lambda name, state: progress(f"{name} {state}"))
        served = "the model that comes with the code" if RELEASED_MODEL.is_dir() else "the model just trained"
        return StepResult(
            f"{len(self.stack.processes)} processes ready, gateway at {self.stack.gateway}; moderates by {served}, "
            f"{self._served().manifest.version}"
        )

    def _chat(self, progress: Progress) -> StepResult:
        import numpy as np

        from synapse_cli.demo.guarded_chat import guarded_chat

        bundle = _given(self.clustered).bundle
        names = [item["name"] for item in bundle.json("features.json")["features"]]
        typical = np.load(bundle.file("clusters.npz"))["scaler_center"]
        features = dict(zip(names, (float(value) for value in typical), strict=True))
        return guarded_chat(self._connection(), features, progress)

    def _latency(self, progress: Progress) -> StepResult:
        from synapse_cli.demo.latency import measure_latency
        from synapse_cli.demo.messages import everyday

        return measure_latency(self._connection(), everyday(_given(self.trained), _LATENCY_MESSAGES), progress)

    def _drift(self, progress: Progress) -> StepResult:
        from synapse_cli.demo.drift import watch_drift
        from synapse_cli.demo.messages import shifted, usual

        return watch_drift(
            self._connection(),
            _given(self.config).address("drift_monitor"),
            _given(self.config).paths,
            usual(_given(self.trained), _DRIFT_MESSAGES),
            shifted(_given(self.trained), _DRIFT_MESSAGES),
            progress,
        )

    def _drain(self, _progress: Progress) -> StepResult:
        logs = {process.name: process.log for process in _given(self.stack).processes}
        self.stop()
        unclean = [
            name for name, log in logs.items() if name != "local_upstream" and '"stopped"' not in log.read_text()
        ]
        check(not unclean, f"did not stop cleanly: {', '.join(unclean)}")
        return StepResult(f"{len(logs)} processes drained and ended")

    def _served(self) -> Bundle:
        """The model that comes with the code, which had all data; else the one just trained."""
        if RELEASED_MODEL.is_dir():
            return Bundle.open(RELEASED_MODEL.absolute(), kind="moderation")
        return _given(self.trained).bundle

    def _connection(self) -> Connection:
        from synapse_cli.client import Connection

        return Connection.to_local_stack(_given(self.stack).paths)


def _given(result: T | None) -> T:
    """What an earlier step left; the steps run in order, so it is there."""
    if result is None:
        raise RuntimeError("an earlier step has not run")
    return result


def _say_what_next(outcomes: list[Outcome], console: Console) -> None:
    if all(outcome.ok for outcome in outcomes):
        console.print(f'next:   make up, then {sys.argv[0]} chat "What does Synapse do?"', highlight=False)
        return
    console.print(f"[red]failed:[/red] {outcomes[-1].name}; logs are under {_FOLDER / 'run' / 'logs'}", highlight=False)
    raise typer.Exit(1)
