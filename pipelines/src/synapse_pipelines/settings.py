"""What a training run is told: which recipe, and where things are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import SettingsConfigDict
from synapse_common.settings import SynapseSettings, load_settings

from synapse_pipelines.presets import PRESETS, Preset
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.training.backends.settings import (
    BackendSettings,
    KubeflowTraining,
    LocalTraining,
    SageMakerTraining,
)

SHARED_DATA: Final = Path("../shared/datasets")
SHARED_ENCODER: Final = Path("../shared/models/e5-small-enpt")


class TrainingSettings(SynapseSettings):
    """Settings of a training run, from ``SYNAPSE_TRAINING_*``; `load_training_settings` adds the shared names."""

    model_config = SettingsConfigDict(env_prefix="SYNAPSE_TRAINING_")

    preset: Preset = "demo"
    recipe: Recipe | None = Field(
        default=None, description="what differs from the preset, merged over it field by field; a `Recipe` is the whole"
    )
    data_dir: Path | str | None = Field(
        default=None, description="folder or s3:// address of the three source tables; null: generate them"
    )
    base_encoder: str | None = Field(
        default=None, description="folder, Hugging Face id or minilm-l6 (packaged); null: the best"
    )
    build_dir: Path = Field(Path("build"), description="where runs, caches and the local tracker live")
    tracking_uri: str | None = Field(
        default=None, description="MLflow server; null: SQLite and a folder under build_dir"
    )
    pii_tagger: Path | None = Field(
        default=None, description="folder of the tagger that the full PII profile masks by; null: the one at hand"
    )
    search_database: str | None = Field(
        default=None, description="SQLAlchemy address of the studies; null: SQLite under build_dir"
    )
    version_remote: str | None = Field(
        default=None, description="DVC remote of bundles and data, a folder or s3:// address; null: under build_dir"
    )
    chat_base_url: str | None = Field(
        default=None, description="OpenAI-compatible server that augmentation may ask; null: OpenAI, where a key is set"
    )
    chat_api_key: SecretStr | None = None
    model_name: str = Field(default="moderation", min_length=1, description="name in the model registry")
    backend: Literal["local", "kubeflow", "sagemaker"] = Field(default="local", description="where training runs")
    local: LocalTraining = LocalTraining()
    kubeflow: KubeflowTraining | None = None
    sagemaker: SageMakerTraining | None = None
    generated_annotations: int = Field(default=6_000, ge=100, description="rows to generate where there is no data_dir")
    generated_messages: int = Field(default=3_000, ge=100)

    @field_validator("recipe", mode="before")
    @classmethod
    def _over_the_preset(cls, value: Any, info: ValidationInfo) -> Any:
        # A preset that is wrong is not in the data, and is an error already.
        if isinstance(value, Mapping) and (preset := info.data.get("preset")):
            return _merged(PRESETS[preset], value)
        return value

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path | str | None) -> Path | str | None:
        return None if value is None else _location(value)

    @field_validator("search_database")
    @classmethod
    def _without_password(cls, value: str | None) -> str | None:
        # The address is an argument of pipelines, which anyone who may look at a run can read.
        if value is not None and urlsplit(value).password is not None:
            raise ValueError("leave the password out: set PGPASSWORD or PGPASSFILE where the search runs")
        return value

    @model_validator(mode="after")
    def _backend_is_set(self) -> TrainingSettings:
        _ = self.training_backend
        return self

    @property
    def training_backend(self) -> BackendSettings:
        """The chosen backend and its settings."""
        return BackendSettings(backend=self.backend, local=self.local, kubeflow=self.kubeflow, sagemaker=self.sagemaker)

    @property
    def effective_recipe(self) -> Recipe:
        """The recipe that counts: the preset's, with what was given in its place."""
        return self.recipe or PRESETS[self.preset]


def load_training_settings(**told: Any) -> TrainingSettings:
    """Read the settings from the environment; those in `told`, a command's options, come before it unless None.

    ``SYNAPSE_DATA_DIR`` and ``SYNAPSE_MLFLOW_TRACKING_URI`` are names that other commands use too; they stand in for
    a missing ``SYNAPSE_TRAINING_DATA_DIR`` and ``SYNAPSE_TRAINING_TRACKING_URI``. Without any, an optional data folder
    beside the checkout is used when it exists.

    Raises:
        ConfigurationError: a setting is unknown or wrong.
    """
    settings = load_settings(TrainingSettings, **{name: value for name, value in told.items() if value is not None})
    data_dir = settings.data_dir
    if data_dir is None and (named := os.environ.get("SYNAPSE_DATA_DIR")):
        data_dir = _location(named)
    if data_dir is None and SHARED_DATA.is_dir():
        data_dir = SHARED_DATA.resolve()
    tracking_uri = settings.tracking_uri or os.environ.get("SYNAPSE_MLFLOW_TRACKING_URI")
    return settings.model_copy(update={"data_dir": data_dir, "tracking_uri": tracking_uri})


def _merged(base: BaseModel, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `base` with `changes` in their place, parts that are models merged likewise.

    Tables (limits by category, the space of a search) are replaced as a whole. Names that `base` lacks are kept, for
    validation to refuse.
    """
    fields = dict(base)
    for name, value in changes.items():
        part = fields.get(name)
        if isinstance(part, BaseModel) and isinstance(value, Mapping):
            fields[name] = _merged(part, value)
        else:
            fields[name] = value
    return fields


def _location(value: Path | str) -> Path | str:
    """An address in an object store as it is, a folder as an absolute path."""
    return value if str(value).startswith("s3://") else Path(value).resolve()
