"""Train from the command line. This is what runs in a container, alone or as one of the workers that torchrun starts.

    python -m synapse_pipelines.training.main --dataset s3://bucket/job/dataset --recipe s3://bucket/job/recipe.json \
        --base-encoder s3://bucket/job/encoder --out s3://bucket/job/model --checkpoints /checkpoints

Progress goes to standard output as lines that `synapse_pipelines.progress.parse_event` reads, a failure as the last.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from synapse_common.errors import SynapseError

from synapse_pipelines.data.storage import is_remote
from synapse_pipelines.progress import Event, print_event
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.training.backends.staging import fetch_file, fetch_folder, put_folder
from synapse_pipelines.training.distributed import joined_world
from synapse_pipelines.training.train import train_model


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one training; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m synapse_pipelines.training.main", description="Train the model.")
    parser.add_argument("--dataset", required=True, help="folder or s3:// address of a prepared data set")
    parser.add_argument("--recipe", required=True, help="file or s3:// address of the recipe, in JSON")
    parser.add_argument("--base-encoder", required=True, help="folder, s3:// address of one, or Hugging Face id")
    parser.add_argument("--out", required=True, help="folder or s3:// address to write the model to")
    parser.add_argument("--checkpoints", type=Path, help="folder for checkpoints; without it there are none")
    options = parser.parse_args(arguments)
    try:
        _train(options)
    except SynapseError as error:
        print_event(Event("train", "failed", str(error)))
        return 1
    return 0


def _train(options: argparse.Namespace) -> None:
    # The workers of a machine share what one of them fetches; the launcher's id sets them apart from other trainings.
    launcher = os.getppid() if "LOCAL_RANK" in os.environ else os.getpid()
    scratch = Path(tempfile.gettempdir()) / f"synapse-training-{launcher}"
    fetches = os.environ.get("LOCAL_RANK", "0") == "0"
    with joined_world() as world:
        try:
            recipe = _at_hand(options.recipe, scratch / "recipe", fetch_file if fetches else None)
            dataset = _at_hand(options.dataset, scratch / "dataset", fetch_folder if fetches else None)
            encoder = _at_hand(options.base_encoder, scratch / "encoder", fetch_folder if fetches else None)
            world.wait()
            out = str(scratch / "out") if is_remote(options.out) else options.out
            found = Recipe.model_validate_json(Path(recipe).read_bytes())
            train_model(Path(dataset), found, encoder, Path(out), print_event, options.checkpoints)
            if world.is_main and is_remote(options.out):
                put_folder(Path(out), options.out)
        finally:
            if fetches:
                shutil.rmtree(scratch, ignore_errors=True)


def _at_hand(address: str, folder: Path, fetch: Callable[[str, Path], None] | None) -> str:
    """Return where what `address` names is on this machine: in `folder`, where `fetch` puts it, or where it is."""
    if not is_remote(address):
        return address
    place = folder / PurePosixPath(address).name
    if fetch is not None:
        fetch(address, place)
    return str(place)


if __name__ == "__main__":
    sys.exit(main())
