import dataclasses
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from synapse_pipelines.errors import TrainingError
from synapse_pipelines.progress import Event, ignore
from synapse_pipelines.training.backends.base import TrainingJob
from synapse_pipelines.training.backends.local import LocalBackend
from synapse_pipelines.training.backends.settings import LocalTraining

ONE, TWO = LocalBackend(LocalTraining()), LocalBackend(LocalTraining(processes=2))


@pytest.mark.integration
def test_two_workers_train_the_model_that_one_does(job: TrainingJob, tmp_path: Path) -> None:
    alone = ONE.run(dataclasses.replace(job, out=tmp_path / "alone"), ignore)
    events: list[Event] = []
    together = TWO.run(job, events.append)
    assert (alone.workers, together.workers) == (1, 2)
    assert together.steps == alone.steps > 10
    np.testing.assert_allclose(together.train_loss, alone.train_loss, rtol=1e-4)
    np.testing.assert_allclose(together.valid_macro_auprc, alone.valid_macro_auprc, atol=1e-3)
    one, two = (load_file(folder / "model" / "head.safetensors") for folder in (tmp_path / "alone", job.out))
    np.testing.assert_allclose(two["weight"], one["weight"], atol=1e-3)
    assert [event.message for event in events if event.message == "calibrating"] == ["calibrating"]


@pytest.mark.integration
@pytest.mark.timeout(600)
def test_two_workers_that_were_stopped_go_on_together(job: TrainingJob, tmp_path: Path) -> None:
    changes = {"epochs": 30, "checkpoint_minutes": 0.0}
    job = dataclasses.replace(job, recipe=job.recipe.model_copy(update=changes), checkpoints=tmp_path / "checkpoints")
    (tmp_path / "recipe.json").write_text(job.recipe.model_dump_json(), encoding="utf-8")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += ["-m", "synapse_pipelines.training.main", "--dataset", str(job.dataset), "--out", str(job.out)]
    command += ["--recipe", str(tmp_path / "recipe.json"), "--base-encoder", job.base_encoder]
    command += ["--checkpoints", str(job.checkpoints)]
    with subprocess.Popen(command) as process:
        while not any(int(file.name[5:13]) >= 20 for file in (tmp_path / "checkpoints").rglob("step-*.pt")):
            assert process.poll() is None, "training ended before it could be told to"
            time.sleep(0.01)
        process.terminate()  # torchrun passes it on; the workers agree on a step to end at
    assert process.returncode != 0
    assert not job.out.exists()
    events: list[Event] = []
    resumed = TWO.run(job, events.append)
    assert events[0].message.startswith("going on from the checkpoint of step ")
    whole = TWO.run(dataclasses.replace(job, out=tmp_path / "whole", checkpoints=None), ignore)
    assert resumed.train_loss == whole.train_loss
    assert resumed.valid_macro_auprc == whole.valid_macro_auprc


@pytest.mark.integration
def test_a_failure_of_workers_is_told_in_their_words(job: TrainingJob, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="cannot be read"):
        TWO.run(dataclasses.replace(job, dataset=tmp_path / "missing"), ignore)
