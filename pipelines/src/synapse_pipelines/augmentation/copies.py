"""Copies of rows of train, with their labels: reworded, translated there and back, or with words hidden."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from synapse_common.bundle import Bundle
from synapse_common.decision import Flags
from synapse_common.taxonomy import COLUMNS

from synapse_pipelines.augmentation.chat import ChatClient, need_chat
from synapse_pipelines.augmentation.embedding import Embedder
from synapse_pipelines.augmentation.filter import CopyFilter
from synapse_pipelines.augmentation.generators import LANGUAGES
from synapse_pipelines.augmentation.obfuscation import TRICKS, obfuscate, without_spaces
from synapse_pipelines.augmentation.paraphrase import ChatParaphraser, Paraphraser, RuleParaphraser
from synapse_pipelines.augmentation.recipe import AugmentationRecipe
from synapse_pipelines.augmentation.rows import Method, children
from synapse_pipelines.augmentation.translation import BackTranslator, ChatTranslator, ModelTranslator
from synapse_pipelines.evaluation.comparison import bundle_logits
from synapse_pipelines.progress import Event, OnEvent


def reworded_copies(
    people: pd.DataFrame,
    settings: AugmentationRecipe,
    seed: int,
    base_encoder: str,
    champion: Bundle | None,
    chat: ChatClient | None,
    on_event: OnEvent,
) -> Iterator[tuple[Method, pd.DataFrame, Counter[str]]]:
    """Yield for each method that is on: its name, the copies of rows of `people` that hold, and why others do not.

    Raises:
        AugmentationError: a model or the chat upstream that the settings ask for is not there.
        TrainingError: the base encoder, which judges the copies, cannot be used.
    """
    methods: list[tuple[Method, Paraphraser, pd.DataFrame]] = []
    if settings.paraphrase_share:
        parents = _drawn(people, settings.paraphrase_share, seed)
        methods.append(("paraphrase", _paraphraser(settings, chat, seed), parents))
    if settings.back_translation_rows:
        share = min(1.0, settings.back_translation_rows / len(people))
        methods.append(("back_translation", _back_translator(settings, chat, seed), _drawn(people, share, seed + 1)))
    if not methods:
        return
    judge = CopyFilter(
        Embedder(base_encoder).similarities, settings.min_similarity, None if champion is None else _Verdicts(champion)
    )
    for method, paraphraser, parents in methods:
        for language in LANGUAGES:
            own = parents[parents["language"] == language].reset_index(drop=True)
            on_event(Event("augment", "running", f"{method.replace('_', ' ')}: {len(own)} rows in {language}"))
            texts = paraphraser.paraphrase(own["text"].tolist(), language)
            kept, reasons = judge.keep(own, texts)
            made = [text for text, keep in zip(texts, kept, strict=True) if keep and text]
            yield method, children(own[kept], made, method), reasons


def obfuscated_copies(rows: pd.DataFrame, share: float, seed: int) -> pd.DataFrame:
    """Return copies of a share of `rows` with words hidden, by all tricks alike.

    As many harmful as harmless ones, in proportion: were only harmful words hidden, hiding would come to mean harm.
    """
    rng = random.Random(seed)  # noqa: S311 - repeatable data, no secrets
    parents = _drawn(rows, share, seed)
    hide = [*sorted(TRICKS), None]
    texts = [
        without_spaces(text, rng) if (trick := rng.choice(hide)) is None else obfuscate(text, rng, trick=trick)
        for text in parents["text"]
    ]
    changed = parents["text"].to_numpy() != np.array(texts, dtype=object)
    return children(parents[changed], [text for text, keep in zip(texts, changed, strict=True) if keep], "obfuscation")


class _Verdicts:
    """What the champion sees in texts, as `CopyFilter` asks it."""

    def __init__(self, champion: Bundle) -> None:
        self._champion = champion
        self._rule = champion.decision_rule()

    def __call__(self, texts: Sequence[str]) -> Flags:
        return self._rule.hits(self._rule.scores(bundle_logits(self._champion, list(texts))))


def _paraphraser(settings: AugmentationRecipe, chat: ChatClient | None, seed: int) -> Paraphraser:
    return RuleParaphraser(seed) if settings.paraphraser == "rules" else ChatParaphraser(need_chat(chat), seed)


def _back_translator(settings: AugmentationRecipe, chat: ChatClient | None, seed: int) -> BackTranslator:
    if settings.translator == "chat":
        return BackTranslator(ChatTranslator(need_chat(chat), seed))
    return BackTranslator(ModelTranslator(settings.to_portuguese_model, settings.to_english_model))


def _drawn(rows: pd.DataFrame, share: float, seed: int) -> pd.DataFrame:
    """Return the same share of the harmful and of the harmless rows, in their order."""
    harmful = rows[list(COLUMNS)].fillna(value=False).any(axis=1)
    return rows.groupby(harmful, sort=True).sample(frac=share, random_state=seed).sort_index()
