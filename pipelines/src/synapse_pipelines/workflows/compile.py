"""Compile the pipelines to IR YAML for Kubeflow Pipelines: ``python -m synapse_pipelines.workflows.compile``."""

from __future__ import annotations

import sys
from pathlib import Path

from kfp import compiler

from synapse_pipelines.workflows.moderation_search import moderation_search
from synapse_pipelines.workflows.moderation_training import moderation_training
from synapse_pipelines.workflows.pii_training import pii_training
from synapse_pipelines.workflows.user_clustering import user_clustering

PIPELINES = {
    "moderation_training": moderation_training,
    "moderation_search": moderation_search,
    "user_clustering": user_clustering,
    "pii_training": pii_training,
}


def compile_pipelines(out: Path) -> list[Path]:
    """Write one YAML file for each pipeline into `out` and return their paths."""
    out.mkdir(parents=True, exist_ok=True)
    files = []
    for name, pipeline in PIPELINES.items():
        files.append(out / f"{name}.yaml")
        compiler.Compiler().compile(pipeline, str(files[-1]))
    return files


if __name__ == "__main__":
    for file in compile_pipelines(Path(sys.argv[1] if len(sys.argv) > 1 else "build/pipelines")):
        print(file)
