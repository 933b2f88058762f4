"""Trainings that are really killed: the process is gone, what is on the disk must do."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from synapse_pipelines.progress import ignore, parse_event
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.training.train import train_model

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]  # seven processes that import torch
Start = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def recipe(quick: Recipe) -> Recipe:
    return quick.model_copy(update={"epochs": 40, "checkpoint_minutes": 0.0, "evaluations": 4, "patience": 9})


@pytest.fixture(scope="module")
def whole(
    dataset: Path, recipe: Recipe, small_encoder: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, object]:
    out = tmp_path_factory.mktemp("whole")
    train_model(dataset, recipe, str(small_encoder), out, ignore)
    return outcome(out)


@pytest.fixture
def start(dataset: Path, recipe: Recipe, small_encoder: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts the training, again and again into the same folders."""
    (tmp_path / "recipe.json").write_text(recipe.model_dump_json(), encoding="utf-8")
    command = [sys.executable, "-m", "synapse_pipelines.training.main", "--dataset", str(dataset)]
    command += ["--recipe", str(tmp_path / "recipe.json"), "--base-encoder", str(small_encoder)]
    command += ["--out", str(tmp_path / "out"), "--checkpoints", str(tmp_path / "checkpoints")]
    with ExitStack() as processes:

        def run() -> "subprocess.Popen[str]":
            process = processes.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            processes.callback(process.kill)  # before the wait for its end, where a test failed
            return process

        yield run


def outcome(out: Path) -> dict[str, object]:
    """All that a training leaves, but how long it took."""
    summary = json.loads((out / "training.json").read_bytes())
    del summary["seconds"]
    files = {name: (out / name).read_bytes() for name in ("model/model.safetensors", "model/head.safetensors")}
    return {"summary": summary, "thresholds": (out / "thresholds.json").read_bytes()} | files


def await_step(process: "subprocess.Popen[str]", checkpoints: Path, step: int) -> None:
    """Return once a checkpoint of `step` or a later one is there."""
    while not any(int(file.name[5:13]) >= step for file in checkpoints.rglob("step-*.pt")):
        assert process.poll() is None, "training ended before it could be killed"
        time.sleep(0.002)


def test_a_training_killed_again_and_again_ends_with_the_same_model(
    start: Start, whole: dict[str, object], tmp_path: Path
) -> None:
    for step in (1, 40, 41, 150):
        process = start()
        await_step(process, tmp_path / "checkpoints", step)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        assert not (tmp_path / "out").exists()
    process = start()
    lines = process.communicate()[0].splitlines()
    assert process.returncode == 0
    first = parse_event(lines[0])
    assert first is not None
    assert int(first.message.removeprefix("going on from the checkpoint of step ")) >= 150
    assert outcome(tmp_path / "out") == whole
    assert not any((tmp_path / "checkpoints").iterdir())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_it_leaves_a_checkpoint_and_says_so(
    start: Start, whole: dict[str, object], tmp_path: Path, number: signal.Signals
) -> None:
    process = start()
    await_step(process, tmp_path / "checkpoints", 5)
    process.send_signal(number)
    lines = process.communicate()[0].splitlines()
    assert process.returncode == 1
    last = parse_event(lines[-1])
    assert last is not None
    assert last.state == "failed"
    assert last.message.startswith("stopped as asked after step ")
    assert last.message.endswith("; start it again to go on from there")
    again = start()
    again.communicate()
    assert again.returncode == 0
    assert outcome(tmp_path / "out") == whole
