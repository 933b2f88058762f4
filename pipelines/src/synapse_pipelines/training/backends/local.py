"""Training on this machine: in this process, or in several that torchrun starts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from synapse_pipelines.errors import TrainingError
from synapse_pipelines.progress import OnEvent, parse_event
from synapse_pipelines.training.backends.base import TrainingJob, load_summary
from synapse_pipelines.training.backends.settings import LocalTraining
from synapse_pipelines.training.train import TrainingSummary, train_model


class LocalBackend:
    """Runs a training here."""

    def __init__(self, settings: LocalTraining) -> None:
        self._processes = settings.processes

    def run(self, job: TrainingJob, on_event: OnEvent) -> TrainingSummary:
        """Train; see `TrainingBackend`."""
        if self._processes == 1:
            return train_model(job.dataset, job.recipe, job.base_encoder, job.out, on_event, job.checkpoints)
        with tempfile.TemporaryDirectory() as folder:
            recipe = Path(folder) / "recipe.json"
            recipe.write_text(job.recipe.model_dump_json(), encoding="utf-8")
            arguments = ["--dataset", str(job.dataset), "--recipe", str(recipe), "--out", str(job.out)]
            arguments += ["--base-encoder", job.base_encoder]
            arguments += ["--checkpoints", str(job.checkpoints)] if job.checkpoints else []
            run_workers(self._processes, ["--standalone"], arguments, on_event)
        return load_summary(job.out)


def run_workers(count: int, torchrun: Sequence[str], arguments: Sequence[str], on_event: OnEvent) -> None:
    """Run the training command as `count` workers here under torchrun, which takes the options `torchrun`.

    Raises:
        TrainingError: it failed.
    """
    command = [sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={count}", *torchrun]
    command += ["-m", "synapse_pipelines.training.main", *arguments]
    # Unset, torchrun gives each worker one thread and says so at length; the cores are shared out instead.
    environment = {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // count))} | dict(os.environ)
    reason = ""
    with (
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
        ) as process,
        _passing_on_termination(process),
    ):
        for line in process.stdout or ():
            if (event := parse_event(line)) is None:
                print(line, end="")
            elif event.state == "failed":
                reason = reason or event.message
            else:
                on_event(event)
    if process.returncode != 0:
        raise TrainingError(reason or f"the workers ended with status {process.returncode}; their log is above")


@contextmanager
def _passing_on_termination(process: subprocess.Popen[str]) -> Iterator[None]:
    """Pass SIGTERM on to `process`, which leaves a checkpoint and ends."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
