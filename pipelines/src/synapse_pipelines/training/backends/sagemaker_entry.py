"""What runs in the container of a SageMaker training job: torchrun, told its place by SageMaker's files.

The layout under ``/opt/ml`` is SageMaker's: inputs by channel, the model's folder, which it archives, the file that
says why a job failed, and the file that names the job's hosts.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch

from synapse_pipelines.errors import TrainingError
from synapse_pipelines.progress import print_event
from synapse_pipelines.training.backends.local import run_workers
from synapse_pipelines.training.backends.sagemaker import CHANNEL

_PORT: Final = 29500


def main(arguments: Sequence[str] | None = None) -> int:
    """Train on all hosts and GPUs of the job; return the exit status."""
    parser = argparse.ArgumentParser(description="Train inside a SageMaker training job.")
    parser.add_argument("--base-encoder", required=True, help="folder in the job's channel, or Hugging Face id")
    parser.add_argument("--root", type=Path, default=Path("/opt/ml"), help="where SageMaker's files are")
    options = parser.parse_args(arguments)
    root: Path = options.root
    given = root / "input" / "data" / CHANNEL
    encoder = given / options.base_encoder
    training = [
        "--dataset",
        str(given / "dataset"),
        "--recipe",
        str(given / "recipe.json"),
        "--out",
        str(root / "model"),
    ]
    training += ["--base-encoder", str(encoder) if encoder.is_dir() else options.base_encoder]
    training += ["--checkpoints", str(root / "checkpoints")]
    try:
        run_workers(max(1, torch.cuda.device_count()), _rendezvous(root), training, print_event)
    except TrainingError as error:
        (root / "output").mkdir(parents=True, exist_ok=True)
        (root / "output" / "failure").write_text(str(error), encoding="utf-8")
        return 1
    return 0


def _rendezvous(root: Path) -> list[str]:
    """Return torchrun's options for this host's place among the job's hosts."""
    job = json.loads((root / "input" / "config" / "resourceconfig.json").read_bytes())
    hosts = sorted(job["hosts"])
    return [
        f"--nnodes={len(hosts)}",
        f"--node-rank={hosts.index(job['current_host'])}",
        f"--master-addr={hosts[0]}",
        f"--master-port={_PORT}",
    ]


if __name__ == "__main__":
    sys.exit(main())
