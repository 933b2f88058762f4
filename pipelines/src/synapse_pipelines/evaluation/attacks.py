"""What spelling tricks do to the verdict: the same texts as they are, and with words hidden in each way."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from synapse_common.decision import DecisionRule, Floats

from synapse_pipelines.augmentation.obfuscation import TRICKS, obfuscate
from synapse_pipelines.evaluation.bootstrap import Estimate, draw, estimate, rate_replicates

MAX_TEXTS: Final = 150
"""Harmful texts, and harmless ones, drawn for the attack; each is scored once for each trick."""

NO_TRICK: Final = "as written"


class AttackFigures(BaseModel):
    """The verdict on texts spelled with one trick."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trick: str
    recall: Estimate | None
    """Share of harmful texts flagged; null without any."""
    false_positive_rate: Estimate | None


def attack_figures(
    texts: list[str],
    truth: NDArray[np.float32],
    score: Callable[[list[str]], Floats],
    rule: DecisionRule,
    seed: int,
) -> list[AttackFigures]:
    """Hide half of the words of drawn texts by each trick and return the verdict's figures, plain spelling first.

    Args:
        texts: test texts [n].
        truth: what their verdict should be: 1, 0 or NaN for unknown [n].
        score: logits [n, 8] of texts.
        rule: turns logits into verdicts.
        seed: of the draw, of the tricks and of the bootstrap.
    """
    rng = np.random.default_rng(seed)
    harmful, harmless = (rng.permutation(np.flatnonzero(truth == kind))[:MAX_TEXTS] for kind in (1, 0))
    chosen = [texts[row] for row in (*harmful, *harmless)]
    found = []
    for trick in (NO_TRICK, *TRICKS):
        hide = random.Random(seed)  # noqa: S311 - repeatable tricks, no secrets
        spelled = chosen if trick == NO_TRICK else [obfuscate(text, hide, trick=trick) for text in chosen]
        flagged = rule.flagged(rule.scores(score(spelled)))
        recall, false_positive_rate = _rate(flagged[: len(harmful)], seed), _rate(flagged[len(harmful) :], seed)
        found.append(AttackFigures(trick=trick, recall=recall, false_positive_rate=false_positive_rate))
    return found


def _rate(flagged: NDArray[np.bool_], seed: int) -> Estimate | None:
    if not len(flagged):
        return None
    return estimate(float(flagged.mean()), rate_replicates(draw(len(flagged), seed), flagged))
