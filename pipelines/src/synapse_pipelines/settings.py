"""What a training run is told: the recipe that decides the result, and where things are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import SettingsConfigDict
from synapse_common.settings import SynapseSettings, load_settings
from synapse_common.taxonomy import CATEGORIES

from synapse_pipelines.augmentation.recipe import AugmentationRecipe
from synapse_pipelines.data.recipe import CleaningRecipe
from synapse_pipelines.search.recipe import SearchRecipe
from synapse_pipelines.search.space import check_space
from synapse_pipelines.training.backends.settings import (
    BackendSettings,
    KubeflowTraining,
    LocalTraining,
    SageMakerTraining,
)
from synapse_pipelines.training.recipe import StudentRecipe

Preset = Literal["tiny", "demo", "full"]
PiiProfile = Literal["fast", "full"]
SHARED_DATA: Final = Path("../shared/datasets")
SHARED_ENCODER: Final = Path("../shared/models/e5-small-enpt")


class Recipe(BaseModel):
    """Everything besides data and code that decides which model comes out. Equal recipes on equal machines agree."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 7
    max_source_rows: int | None = Field(default=None, ge=1, description="annotations drawn before cleaning; null: all")
    max_train_rows: int | None = Field(default=None, ge=1)
    max_valid_rows: int | None = Field(default=None, ge=1)
    max_test_rows: int | None = Field(default=None, ge=1)
    pii_profile: PiiProfile = Field(default="fast", description="how personal data is found before training")
    languages: tuple[Literal["en", "pt"], ...] = Field(
        default=("en", "pt"), min_length=1, description="languages the model is for; train must have rows of each"
    )
    cleaning: CleaningRecipe = CleaningRecipe()
    augmentation: AugmentationRecipe = AugmentationRecipe()
    chat_negatives: int = Field(
        default=0, ge=0, description="unreported chat messages mixed into train as weak negatives"
    )
    chat_sample: int = Field(default=500, ge=1, description="other chat messages, for the flag rate on everyday text")
    layers: int | None = Field(default=None, ge=1, description="encoder layers kept, the lowest ones; null: all")
    frozen_layers: int = Field(default=0, ge=0, description="lowest layers left as pre-trained")
    vocabulary: int | None = Field(
        default=None, ge=300, description="pieces of the tokenizer kept, those the texts use most; null: all"
    )
    train_embeddings: bool = Field(default=False, description="train the word embeddings, too")
    max_tokens: int = Field(default=96, ge=8, le=512)
    epochs: int = Field(default=1, ge=1)
    min_rows_seen: int = Field(
        default=0, ge=0, description="passes over small data are repeated until this many rows were seen"
    )
    max_steps: int | None = Field(
        default=None, ge=1, description="steps of the optimiser after which training ends; null: after all epochs"
    )
    tokens_per_batch: int = Field(default=640, ge=8, description="padded tokens of one batch, at most")
    accumulation: int = Field(default=1, ge=1, description="batches whose gradients make one step of the optimiser")
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        default="auto", description="number format of matrix products; auto: the fastest that is safe on the device"
    )
    learning_rate: float = Field(default=2e-4, gt=0)
    head_learning_rate: float = Field(default=2e-3, gt=0)
    weight_decay: float = Field(default=0.01, ge=0)
    warmup_share: float = Field(default=0.06, ge=0, lt=1)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    max_positive_weight: float = Field(
        default=5.0, ge=1, description="cap on the weight of a rare category's positives"
    )
    evaluations: int = Field(
        default=0, ge=0, description="looks at validation during training, to keep the best and stop early"
    )
    patience: int = Field(default=2, ge=1, description="looks without improvement after which training stops")
    threads: int | None = Field(default=None, ge=1, description="CPU threads of training; null: all cores")
    checkpoint_minutes: float = Field(
        default=5.0, ge=0, description="time between checkpoints; 0: after every step. Does not change the result"
    )
    max_minutes: float | None = Field(
        default=None, gt=0, description="safety cap; a run that hits it depends on the machine"
    )
    max_false_positive_rate: float = Field(default=0.05, gt=0, lt=1, description="limit for each category's threshold")
    max_false_positive_rates: dict[str, float] = Field(
        default={}, description="other limits than max_false_positive_rate, by category"
    )
    generated_lowest_threshold: float = Field(
        default=0.9, gt=0, lt=1, description="no threshold below this for a model trained on generated data alone"
    )
    min_macro_auprc: float = Field(default=0.3, ge=0, le=1, description="gate: no candidate below this")
    must_beat_baseline: bool = Field(
        default=True, description="gate: on labelled data, macro AUPRC at least the TF-IDF baseline's"
    )
    max_chat_flag_rate: float = Field(
        default=0.1, ge=0, le=1, description="gate: share of everyday chat that may be flagged"
    )
    int8_levels: int = Field(
        default=127, ge=15, le=127, description="largest quantised weight; fewer levels pack into a smaller file"
    )
    max_int8_cost: float = Field(default=0.005, ge=0, description="gate: macro AUPRC that int8 may lose against fp32")
    max_student_cost: float = Field(
        default=0.005, ge=0, description="gate: macro AUPRC that a distilled student may lose against its teacher"
    )
    student: StudentRecipe | None = Field(
        default=None, description="distil a smaller model and release that; null: the trained model is released"
    )
    must_hold_against_champion: bool = Field(
        default=True, description="gate: not worse than the present champion beyond the noise of the test split"
    )
    search: SearchRecipe = SearchRecipe()

    def for_training(self) -> str:
        """Return as JSON what decides the trained weights, data aside: two recipes of equal text train alike.

        Defaults are left out, so that a setting that later code adds makes no earlier training a different one.
        """
        return self.model_dump_json(exclude_defaults=True, exclude=AFTER_TRAINING)

    def without_search(self) -> Recipe:
        """Return the recipe with no search asked for: what prepares data, and what a search leaves to train with."""
        return self.model_copy(update={"search": SearchRecipe()})

    def for_student(self) -> Recipe:
        """Return the recipe that its student is trained by.

        Raises:
            ValueError: the recipe has no student.
        """
        if self.student is None:
            raise ValueError("the recipe names no student")
        # Soft labels say how rare a category is; weighting its positives once more would spoil their calibration.
        changes = {"layers": None, "vocabulary": None, "frozen_layers": 0, "min_rows_seen": 0, "student": None}
        told = {"max_positive_weight": 1.0, "epochs": self.student.epochs, "learning_rate": self.student.learning_rate}
        return self.model_copy(update=changes | told)

    @field_validator("max_false_positive_rates")
    @classmethod
    def _of_known_categories(cls, value: dict[str, float]) -> dict[str, float]:
        if unknown := sorted(set(value) - set(CATEGORIES)):
            raise ValueError(f"unknown categories: {', '.join(unknown)}; there are {', '.join(CATEGORIES)}")
        if not all(0 < limit < 1 for limit in value.values()):
            raise ValueError("every limit must lie between 0 and 1")
        return value

    @model_validator(mode="after")
    def _searchable(self) -> Recipe:
        check_space(self.search.space, type(self))
        return self

    def false_positive_limit(self, category: str) -> float:
        """Return the false-positive rate that the threshold of `category` may have."""
        return self.max_false_positive_rates.get(category, self.max_false_positive_rate)


AFTER_TRAINING: Final = {
    "checkpoint_minutes",
    "search",
    "chat_sample",
    "max_false_positive_rate",
    "max_false_positive_rates",
    "generated_lowest_threshold",
    "min_macro_auprc",
    "must_beat_baseline",
    "max_chat_flag_rate",
    "int8_levels",
    "max_int8_cost",
    "max_student_cost",
    "student",
    "must_hold_against_champion",
}
"""Settings of `Recipe` that trained weights do not depend on: changed, a training goes on from its checkpoints."""

PRESETS: Final[dict[Preset, Recipe]] = {
    "tiny": Recipe(
        max_source_rows=900,
        threads=1,
        generated_lowest_threshold=0.85,
        layers=1,
        max_tokens=32,
        tokens_per_batch=256,
        epochs=3,
        learning_rate=1e-3,
        head_learning_rate=5e-3,
        chat_sample=100,
        must_beat_baseline=False,
        must_hold_against_champion=False,
        max_int8_cost=0.05,
        max_chat_flag_rate=1.0,
    ),
    "demo": Recipe(
        max_source_rows=48_000,
        max_train_rows=9_000,
        max_valid_rows=1_500,
        max_test_rows=2_000,
        augmentation=AugmentationRecipe(template_rows=4_000),
        chat_negatives=800,
        layers=6,
        max_tokens=64,
        min_rows_seen=10_000,
        max_minutes=4.0,
        max_false_positive_rate=0.08,
        # Some minutes of training do not reach a model that had all data.
        must_hold_against_champion=False,
        # On so few test rows half a point is noise.
        max_int8_cost=0.02,
    ),
    "full": Recipe(
        max_train_rows=64_000,
        pii_profile="full",
        augmentation=AugmentationRecipe(template_rows=42_000, obfuscated_share=0.07),
        chat_negatives=6_000,
        chat_sample=4_000,
        vocabulary=12_000,
        max_tokens=128,
        learning_rate=1e-4,
        evaluations=2,
        # Toxicity is half of the labelled posts, and its labels are the noisiest. The rare categories stand apart so
        # well that a low limit costs them little, and validation's few negatives vary less than live traffic does.
        max_false_positive_rates={
            "toxicity": 0.08,
            "hate/threatening": 0.03,
            "sexual": 0.03,
            "self-harm": 0.03,
            "violence": 0.03,
            "illicit": 0.03,
        },
        max_chat_flag_rate=0.05,
        int8_levels=18,
    ),
}
"""`tiny` proves the path in tests, `demo` fits some minutes on two cores, `full` draws on all data and takes an hour or
two of one core, minutes of a GPU."""


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
    base_encoder: str | None = Field(default=None, description="folder or Hugging Face id; null: the best one at hand")
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
