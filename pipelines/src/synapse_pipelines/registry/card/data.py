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
    base_licence: str
    """Licence of the base encoder, whose weights the model's began as."""
    base_origin: str
    """Where the base encoder comes from; empty where this project does not know it."""
    languages: list[str]
    parameters: int
    max_tokens: int
    onnx_bytes: int
    device: str
    workers: int
    """Processes that trained it together."""
    precision: str
    """Number format of matrix products in training."""
    seconds: float
    rows_seen: int
    stopped: str
    recipe_hash: str
    recipe: dict[str, Any]
    rebuild: str
    """The command that makes the model again, in a checkout of the commit and with the same sources."""


class Attribution(_Part):
    """Whom and what to name for a source."""

    name: str = ""
    """Whom to name; empty where nobody is known."""
    link: str = ""
    changed: str = ""
    """What was changed before the texts came into the source tables; what is done to all sources is not repeated."""


class SourceRows(_Part):
    """Rows of one source in each split."""

    name: str
    licence: str
    attribution: Attribution
    rows: dict[str, int]
    """By split."""


class GeneratedRows(_Part):
    """Rows of one method of generation under one licence in each split."""

    method: str
    licence: str
    """That of the texts that the rows are copies of; of rows made from nothing, that of this project."""
    copied_from: list[str]
    """Sources of the texts that the rows are copies of; whom these name is to be named for the copies, too."""
    rows: dict[str, int]
    """By split."""


class DataFacts(_Part):
    """What the model was made from."""

    name: str
    version: str
    source_version: str
    rows: dict[str, int]
    sources: list[SourceRows]
    generated: list[GeneratedRows]


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
    licence: str
    """Of the model."""
    licence_texts: dict[str, str]
    """Address of the text of each licence that the card names, where it is known."""
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
