"""Gather a card's data from what a run wrote: data set, evaluation, quantisation, recipe and registry."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from synapse_common.taxonomy import CATEGORIES, COLUMNS

from synapse_pipelines.evaluation.evaluate import ALL_LANGUAGES, Evaluation
from synapse_pipelines.presets import PRESETS
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.registry.card.data import (
    ENOUGH_POSITIVES,
    CardData,
    CategoryFacts,
    HistoryEntry,
    ModelFacts,
    Optimisation,
)
from synapse_pipelines.registry.card.known import OWN_LICENCE, definitions, encoder, licence_texts
from synapse_pipelines.registry.card.sources import data_facts
from synapse_pipelines.training.quantise import QuantisationSummary


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
    base = encoder(training.base_encoder)
    data = data_facts(dataset, evaluation.data)
    of_rows = {one.licence for one in data.sources} | {one.licence for one in data.generated}
    return CardData(
        name=name,
        version=version,
        created=created,
        commit=commit,
        licence=OWN_LICENCE,
        licence_texts=licence_texts({OWN_LICENCE, base.licence} | of_rows),
        model=ModelFacts(
            base_encoder=training.base_encoder,
            base_licence=base.licence,
            base_origin=base.origin,
            languages=list(recipe.languages),
            parameters=training.parameters,
            max_tokens=training.max_tokens,
            onnx_bytes=quantisation.int8_bytes,
            device=training.device,
            workers=training.workers,
            precision=training.precision,
            seconds=training.seconds,
            rows_seen=training.rows_seen,
            stopped=training.stopped,
            recipe_hash=hashlib.sha256(recipe.model_dump_json().encode()).hexdigest()[:12],
            recipe=recipe.model_dump(mode="json"),
            rebuild=rebuild_command(recipe),
        ),
        data=data,
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
        definition=definitions()[name],
        train_positives=evaluation.data.positives["train"][column],
        test_positives=positives,
        thin=[lang for lang, count in positives.items() if lang != ALL_LANGUAGES and count < ENOUGH_POSITIVES],
        threshold=decision.threshold,
        calibration=decision.calibration.method,
        limit=decision.limit,
        labelled=decision.labelled,
        everyday=decision.everyday,
    )


def rebuild_command(recipe: Recipe) -> str:
    """Return the shell command that trains by `recipe`; it takes one that is no preset's from ``card.json``."""
    if recipe == PRESETS["full"]:
        return "make release-model"
    for preset, known in PRESETS.items():
        if recipe == known:
            return f"synapse train --preset {preset}"
    return 'SYNAPSE_TRAINING_RECIPE="$(jq -c .model.recipe card.json)" synapse train'
