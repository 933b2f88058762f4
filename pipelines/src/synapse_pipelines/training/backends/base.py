"""What a backend is: it takes a training job and leaves the trained model in a local folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from synapse_pipelines.progress import OnEvent
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.training.backends.settings import BackendSettings
from synapse_pipelines.training.train import TrainingSummary


@dataclass(frozen=True)
class TrainingJob:
    """One training: the arguments of `train_model`."""

    dataset: Path
    recipe: Recipe
    base_encoder: str
    out: Path
    checkpoints: Path | None = None
    """Folder for checkpoints on this machine; a backend that trains elsewhere keeps them there."""


class TrainingBackend(Protocol):
    """Runs `train_model` somewhere."""

    def run(self, job: TrainingJob, on_event: OnEvent) -> TrainingSummary:
        """Train, and leave what `train_model` writes in the job's `out`.

        Raises:
            TrainingError: the training failed; the message is its own.
        """
        ...


def make_backend(settings: BackendSettings) -> TrainingBackend:
    """Return the backend that `settings` choose."""
    # Each import loads a client library that the others do not need.
    if settings.kubeflow is not None and settings.backend == "kubeflow":
        from synapse_pipelines.training.backends.kubeflow import KubeflowBackend

        return KubeflowBackend(settings.kubeflow)
    if settings.sagemaker is not None and settings.backend == "sagemaker":
        from synapse_pipelines.training.backends.sagemaker import SageMakerBackend

        return SageMakerBackend(settings.sagemaker)
    from synapse_pipelines.training.backends.local import LocalBackend

    return LocalBackend(settings.local)


def load_summary(out: Path) -> TrainingSummary:
    """Return what the training that wrote `out` says about itself."""
    return TrainingSummary.model_validate_json((out / "training.json").read_bytes())
