"""Functional tests (Röttger et al., 2021): does the model tell abuse from the harmless sentences that look like it?

The sentences are made from templates that training never saw, a block of templates for each thing to be told apart
(negation, quotation, reclaimed words...). Sentences of one template stand and fall together, so intervals resample
templates, not sentences.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict
from synapse_common.decision import DecisionRule, Floats

from synapse_pipelines.augmentation.augment import FUNCTIONAL
from synapse_pipelines.evaluation.bootstrap import Counts, Estimate, draw, estimate, rate_replicates
from synapse_pipelines.evaluation.identity import FalsePositiveGap, false_positive_gap, mentions
from synapse_pipelines.evaluation.measured import Measured


class BlockFigures(BaseModel):
    """The verdict on the sentences of one block."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    block: str
    language: str
    harmful: bool
    """Whether the block's sentences should be flagged."""
    n: int
    templates: int
    accuracy: Estimate


class FunctionalFigures(BaseModel):
    """The verdict on generated functional tests."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int
    accuracy: dict[str, Estimate]
    """By language, and ``all``."""
    recall: Estimate | None
    false_positive_rate: Estimate | None
    blocks: list[BlockFigures]
    """The worst first."""
    identity: FalsePositiveGap


def functional_figures(
    dataset: Path, score: Callable[[list[str]], Floats], rule: DecisionRule, seed: int
) -> FunctionalFigures | None:
    """Return the figures on ``functional.parquet`` of `dataset`; None where there is none, or none of known verdict.

    Its columns are text, language, source ``generated/<bank>/<block>-<line>`` and the labels.
    """
    file = dataset / FUNCTIONAL
    if not file.is_file():
        return None
    rows = pd.read_parquet(file)
    measured = Measured.of(score(rows["text"].tolist()), rule, rows)
    known = ~np.isnan(measured.truth)
    if not known.any():
        return None
    rows, measured = rows[known].reset_index(drop=True), measured.at(known)
    counts = draw(len(rows), seed, clusters=pd.factorize(rows["source"])[0])
    right = measured.flagged == (measured.truth == 1)
    everywhere = np.ones(len(rows), dtype=np.bool_)
    groups = {"all": everywhere}
    groups |= {language: (rows["language"] == language).to_numpy() for language in sorted(rows["language"].unique())}
    return FunctionalFigures(
        n=len(rows),
        accuracy={name: _share(right, chosen, counts) for name, chosen in groups.items()},
        recall=_share(measured.flagged, measured.truth == 1, counts) if (measured.truth == 1).any() else None,
        false_positive_rate=_share(measured.flagged, measured.truth == 0, counts)
        if (measured.truth == 0).any()
        else None,
        blocks=_blocks(rows, measured, right, counts),
        identity=false_positive_gap(mentions(rows["text"].tolist()), measured.flagged, measured.truth, counts),
    )


def _blocks(rows: pd.DataFrame, measured: Measured, right: np.ndarray, counts: Counts) -> list[BlockFigures]:
    block = rows["source"].str.rpartition("-")[0].str.rpartition("/")[2]
    found = []
    for (name, language, truth), part in rows.groupby([block, "language", measured.truth]):
        chosen = part.index.to_numpy()
        found.append(
            BlockFigures(
                block=str(name),
                language=str(language),
                harmful=truth == 1,
                n=len(part),
                templates=part["source"].nunique(),
                accuracy=_share(right, chosen, counts),
            )
        )
    return sorted(found, key=lambda one: one.accuracy.value)


def _share(hits: np.ndarray, chosen: np.ndarray, counts: Counts) -> Estimate:
    part = hits[chosen]
    return estimate(float(part.mean()), rate_replicates(counts[:, chosen], part))
