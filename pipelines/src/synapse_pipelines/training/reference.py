"""The reference window: what a model says of usual messages, for the drift monitor to compare live ones with."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from synapse_common.bundle import Bundle
from synapse_common.decision import DecisionRule, Floats
from synapse_common.taxonomy import COLUMNS

from synapse_pipelines.data.dataset import reference_rows


def reference_window(rows: pd.DataFrame, scores: Floats, rule: DecisionRule) -> pd.DataFrame:
    """Return the window of `rows` (of `reference_rows`) with their `scores` [n, 8], in the drift monitor's columns."""
    columns = {f"score__{column}": scores[:, number] for number, column in enumerate(COLUMNS)}
    # Drift must compare like with like: length and language of the text as it came in, the language as serving detects
    # it, not as labelled.
    measured = {"text_length": rows["raw_length"].to_numpy(), "language": rows["raw_language"].to_numpy()}
    return pd.DataFrame(columns | measured | {"flagged": rule.flagged(scores)})


def write_reference(bundle: Bundle, dataset: Path, file: Path) -> None:
    """Write what `bundle` says of the validation texts in `dataset`: the window for a model in another place.

    A bundle's own window is of the data it was trained on. Where users write otherwise, this one says what is usual.
    """
    # Here, because quantisation imports this module.
    from synapse_pipelines.evaluation.comparison import bundle_logits

    rule, rows = bundle.decision_rule(), reference_rows(dataset)
    scores = rule.scores(bundle_logits(bundle, rows["text"].tolist()))
    file.parent.mkdir(parents=True, exist_ok=True)
    reference_window(rows, scores, rule).to_parquet(file, index=False)
