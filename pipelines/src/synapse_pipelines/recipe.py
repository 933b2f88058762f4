"""What decides which model a training makes, besides data and code."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from synapse_common.taxonomy import CATEGORIES

from synapse_pipelines.augmentation.recipe import AugmentationRecipe
from synapse_pipelines.data.recipe import CleaningRecipe
from synapse_pipelines.search.recipe import SearchRecipe
from synapse_pipelines.search.space import check_space
from synapse_pipelines.training.recipe import StudentRecipe

PiiProfile = Literal["fast", "full"]


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
