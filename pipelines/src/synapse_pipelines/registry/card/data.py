"""What a model card says: content of ``card.json``, and all that the Markdown card is rendered from."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from synapse_pipelines.evaluation.attacks import AttackFigures
from synapse_pipelines.evaluation.bootstrap import Estimate
from synapse_pipelines.evaluation.comparison import Comparison
from synapse_pipelines.evaluation.functional import FunctionalFigures
from synapse_pipelines.evaluation.goals import Goal
from synapse_pipelines.evaluation.identity import FalsePositiveGap
from synapse_pipelines.evaluation.label_noise import LabelNoise
from synapse_pipelines.evaluation.metrics import CategoryFigures
from synapse_pipelines.evaluation.slices import SliceFigures
from synapse_pipelines.evaluation.thresholds import Rate

ENOUGH_POSITIVES: Final = 50
"""Positives of a category and language in test, for its figures to be more than noise: of 50, one is 2 points."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelFacts(_Part):
    """What the model is and how it was trained."""

    base_encoder: str
    parameters: int
    max_tokens: int
    onnx_bytes: int
    device: str
    seconds: float
    rows_seen: int
    stopped: str
    recipe_hash: str
    recipe: dict[str, Any]


class SourceRows(_Part):
    """Rows of one source, or of one method of generation, in each split."""

    name: str
    licence: str
    attribution: str
    """Whom to name; empty where the licence asks for nobody."""
    rows: dict[str, int]
    """By split."""


class DataFacts(_Part):
    """What the model was made from."""

    name: str
    version: str
    source_version: str
    rows: dict[str, int]
    sources: list[SourceRows]
    generated: list[SourceRows]


class CategoryFacts(_Part):
    """One category: what it means, where its threshold is and why, how much was there to learn it from."""

    name: str
    definition: str
    train_positives: int
    test_positives: dict[str, int]
    """By language."""
    thin: list[str]
    """Languages with fewer than `ENOUGH_POSITIVES` positives in test."""
    threshold: float
    calibration: str
    limit: float
    """The false-positive rate that the threshold was asked to keep."""
    labelled: Rate | None
    """False-positive rate on labelled negatives of validation."""
    everyday: Rate | None
    """Share of everyday messages of validation flagged."""


class Optimisation(_Part):
    """What making the model small cost."""

    int8_cost: float
    """Macro AUPRC lost by int8 on test."""
    flag_agreement: float
    teacher: Comparison | None
    """The model that this one was distilled from, where it was; its gains are this model's over the teacher."""


class HistoryEntry(_Part):
    """One registered version of the model."""

    bundle_version: str
    registered: datetime
    data_version: str
    macro_auprc: float
    f1: float | None
    """Of the verdict, all languages."""
    false_positive_rate: float | None


class CardData(_Part):
    """A model card. All figures are on the test split unless a field says otherwise."""

    name: str
    version: str
    created: datetime
    commit: str
    model: ModelFacts
    data: DataFacts
    categories: list[CategoryFacts]
    macro: dict[str, Estimate]
    """Macro AUPRC by language."""
    baselines: dict[str, dict[str, Estimate]]
    """Macro AUPRC of each baseline by language."""
    figures: dict[str, dict[str, CategoryFigures]]
    """By language, then by category."""
    flagged: dict[str, CategoryFigures]
    """The verdict by language."""
    goals: list[Goal]
    slices: list[SliceFigures]
    identity: FalsePositiveGap
    attacks: list[AttackFigures]
    functional: FunctionalFigures | None
    label_noise: dict[str, LabelNoise]
    chat_flag_rate: float
    optimisation: Optimisation
    history: list[HistoryEntry]
    """The registered versions before this one, the oldest first, and this one."""
