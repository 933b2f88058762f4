"""The test split cut into parts by where a text comes from, how long it is and how it is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from synapse_common.text import FORMS_SEPARATOR, model_input

from synapse_pipelines.augmentation.templates import SOURCE_PREFIX
from synapse_pipelines.evaluation.bootstrap import Counts, Estimate
from synapse_pipelines.evaluation.measured import Measured
from synapse_pipelines.evaluation.metrics import CategoryFigures

MIN_TEXTS: Final = 20
"""Texts that a slice needs to be shown."""

_LENGTHS: Final = {"up to 40": (0, 40), "41 to 100": (41, 100), "101 to 250": (101, 250), "over 250": (251, None)}
"""Characters; short ones are most of live chat."""


class SliceFigures(BaseModel):
    """A model's figures on one slice."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    """What the test split is cut by."""
    name: str
    n: int
    macro_auprc: Estimate | None
    verdict: CategoryFigures


def slice_figures(measured: Measured, rows: pd.DataFrame, counts: Counts) -> list[SliceFigures]:
    """Return the figures of every slice of at least `MIN_TEXTS` texts, from test `rows` [n] and resamples [b, n]."""
    found = []
    for kind, name, chosen in _slices(rows):
        if (n := int(chosen.sum())) >= MIN_TEXTS:
            part, drawn = measured.at(chosen), counts[:, chosen]
            verdict = part.verdict_figures(drawn)
            found.append(SliceFigures(kind=kind, name=name, n=n, macro_auprc=part.macro(drawn), verdict=verdict))
    return found


def _slices(rows: pd.DataFrame) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    families = rows["source"].where(~rows["source"].str.startswith(SOURCE_PREFIX), "generated")
    for source in sorted(families.unique()):
        yield "source", source, (families == source).to_numpy()
    length = rows["text"].str.len()
    for name, (shortest, longest) in _LENGTHS.items():
        yield "length", name, ((length >= shortest) & (longest is None or length <= longest)).to_numpy()
    # A text of which the model reads two forms has words that are hidden, or look as if they were.
    hidden = np.fromiter((FORMS_SEPARATOR in model_input(text) for text in rows["text"]), np.bool_, len(rows))
    yield "spelling", "words hidden", hidden
    yield "spelling", "plain", ~hidden
    if "label_quality" in rows:
        for quality in sorted(rows["label_quality"].dropna().unique()):
            yield "labels", quality, (rows["label_quality"] == quality).to_numpy()
