"""Gather a card's data from what a run wrote: data set, evaluation, quantisation, recipe and registry."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import pandas as pd
import yaml
from synapse_common.taxonomy import CATEGORIES, COLUMNS

from synapse_pipelines.augmentation.templates import SOURCE_PREFIX
from synapse_pipelines.data.dataset import DatasetInfo
from synapse_pipelines.evaluation.evaluate import ALL_LANGUAGES, Evaluation
from synapse_pipelines.registry.card.data import (
    ENOUGH_POSITIVES,
    CardData,
    CategoryFacts,
    DataFacts,
    HistoryEntry,
    ModelFacts,
    Optimisation,
    SourceRows,
)
from synapse_pipelines.settings import Recipe
from synapse_pipelines.training.quantise import QuantisationSummary

_SPLITS: Final = ("train", "valid", "test")
_OWN_LICENCE: Final = "Apache-2.0"


def build_card(
    dataset: Path,
    evaluation: Evaluation,
    quantisation: QuantisationSummary,
    recipe: Recipe,
    *,
    name: str,
    version: str,
    created: datetime,
    commit: str,
    history: Sequence[HistoryEntry],
) -> CardData:
    """Return the card of a model.

    Args:
        dataset: prepared data that the model was made from.
        evaluation: figures on its test split.
        quantisation: what int8 cost.
        recipe: what training was told.
        name: of the model.
        version: of its bundle.
        created: when the bundle was made.
        commit: of the code, with ``+`` where it had changes.
        history: the registered versions before this one, the oldest first.
    """
    training = evaluation.training
    overall = evaluation.flagged[ALL_LANGUAGES]
    this = HistoryEntry(
        bundle_version=version,
        registered=created,
        data_version=evaluation.data.version,
        macro_auprc=evaluation.macro_auprc,
        f1=overall.f1,
        false_positive_rate=overall.false_positive_rate,
    )
    return CardData(
        name=name,
        version=version,
        created=created,
        commit=commit,
        model=ModelFacts(
            base_encoder=training.base_encoder,
            parameters=training.parameters,
            max_tokens=training.max_tokens,
            onnx_bytes=quantisation.int8_bytes,
            device=training.device,
            seconds=training.seconds,
            rows_seen=training.rows_seen,
            stopped=training.stopped,
            recipe_hash=hashlib.sha256(recipe.model_dump_json().encode()).hexdigest()[:12],
            recipe=recipe.model_dump(mode="json"),
        ),
        data=data_facts(dataset, evaluation.data),
        categories=[_category(name, evaluation) for name in CATEGORIES],
        macro=evaluation.macro,
        baselines={baseline: one.macro_auprc for baseline, one in evaluation.baselines.items() if one.macro_auprc},
        figures=evaluation.figures,
        flagged=evaluation.flagged,
        goals=evaluation.goals,
        slices=evaluation.slices,
        identity=evaluation.identity,
        attacks=evaluation.attacks,
        functional=evaluation.functional,
        label_noise=evaluation.label_noise,
        chat_flag_rate=evaluation.chat_flag_rate,
        optimisation=Optimisation(
            int8_cost=quantisation.cost, flag_agreement=quantisation.flag_agreement, teacher=evaluation.teacher
        ),
        history=[*(entry for entry in history if entry.bundle_version != version), this],
    )


def _category(name: str, evaluation: Evaluation) -> CategoryFacts:
    decision = evaluation.decisions[name]
    column = COLUMNS[CATEGORIES.index(name)]
    positives = {language: figures[name].positives for language, figures in evaluation.figures.items()}
    return CategoryFacts(
        name=name,
        definition=_yaml("definitions.yaml")[name],
        train_positives=evaluation.data.positives["train"][column],
        test_positives=positives,
        thin=[lang for lang, count in positives.items() if lang != ALL_LANGUAGES and count < ENOUGH_POSITIVES],
        threshold=decision.threshold,
        calibration=decision.calibration.method,
        limit=decision.limit,
        labelled=decision.labelled,
        everyday=decision.everyday,
    )


def data_facts(dataset: Path, info: DatasetInfo) -> DataFacts:
    """Return what the prepared data in `dataset`, described by `info`, were made from: sources and generated rows."""
    counts: dict[str, dict[str, int]] = {}
    methods: dict[str, dict[str, int]] = {}
    for split in _SPLITS:
        rows = pd.read_parquet(dataset / f"{split}.parquet")
        method = rows["method"] if "method" in rows else pd.Series(None, index=rows.index, dtype="object")
        # A copy of a real row, with its spelling changed, say, has a method; rows of the plain sentence generator have
        # none, but their source tells.
        generated = rows["source"].str.startswith(SOURCE_PREFIX) | method.notna()
        method = method.fillna("template")
        for source, count in rows.loc[~generated, "source"].value_counts().items():
            counts.setdefault(str(source), dict.fromkeys(_SPLITS, 0))[split] = int(count)
        for kind, count in method[generated].value_counts().items():
            methods.setdefault(str(kind), dict.fromkeys(_SPLITS, 0))[split] = int(count)
    attributions = _yaml("attributions.yaml")
    return DataFacts(
        name=info.name,
        version=info.version,
        source_version=info.source_version,
        rows=info.rows,
        sources=[
            SourceRows(
                name=name,
                licence=info.licences.get(name, "not stated"),
                attribution=attributions.get(name, ""),
                rows=rows,
            )
            for name, rows in sorted(counts.items())
        ],
        generated=[
            SourceRows(name=name, licence=_OWN_LICENCE, attribution="", rows=rows)
            for name, rows in sorted(methods.items())
        ],
    )


@cache
def _yaml(name: str) -> dict[str, str]:
    loaded: dict[str, str] = yaml.safe_load(files(__package__).joinpath(name).read_text("utf-8"))
    return loaded
