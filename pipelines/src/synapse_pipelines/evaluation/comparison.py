"""Another model on the same test texts: the champion that a candidate wants to replace, or a student's teacher."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from synapse_common.bundle import Bundle
from synapse_common.decision import Floats
from transformers import PreTrainedTokenizerFast

from synapse_pipelines.evaluation.bootstrap import Counts, Estimate, auprc_replicates, estimate
from synapse_pipelines.evaluation.measured import Measured
from synapse_pipelines.evaluation.metrics import counted_categories, macro_auprc
from synapse_pipelines.training.predict import onnx_logits


class Comparison(BaseModel):
    """Macro AUPRC of another model, and what the measured one gains on it; both by language and for ``all``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    macro_auprc: dict[str, float]
    gain: dict[str, Estimate]
    """Macro AUPRC of the measured model less the other's, by paired bootstrap; negative where it is worse."""


def compare(
    name: str, measured: Measured, other: Floats, groups: Mapping[str, NDArray[np.bool_]], counts: Counts
) -> Comparison:
    """Compare two models on the same texts, resampled together.

    Args:
        name: of the other model.
        measured: the model in question.
        other: logits or scores of the other model [n, 8].
        groups: texts of each language [n]; languages in which no category has enough labels are left out.
        counts: resamples [b, n].
    """
    own, theirs = {}, {}
    for group, rows in groups.items():
        part, drawn = measured.at(rows), counts[:, rows]
        if not counted_categories(part.labels):
            continue
        theirs[group] = macro_auprc(other[rows], part.labels)
        gain = macro_auprc(part.scores, part.labels) - theirs[group]
        replicates = auprc_replicates(drawn, part.scores, part.labels)
        own[group] = estimate(gain, replicates - auprc_replicates(drawn, other[rows], part.labels))
    return Comparison(name=name, macro_auprc=theirs, gain=own)


def bundle_logits(bundle: Bundle, texts: list[str]) -> Floats:
    """Return the logits [n, 8] of the int8 model in a moderation bundle: the model that serves."""
    limit = bundle.manifest.max_tokens
    assert limit is not None  # noqa: S101 - the manifest of a moderation bundle always states it
    return onnx_logits(bundle.onnx(), _tokenizer(bundle), texts, limit)


def _tokenizer(bundle: Bundle) -> Any:
    plain: Any = PreTrainedTokenizerFast(tokenizer_file=str(bundle.file("tokenizer.json")))  # type: ignore[no-untyped-call]
    plain.pad_token = plain.convert_ids_to_tokens(0)  # the mask hides padding, so any token serves
    return plain
