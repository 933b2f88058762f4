import numpy as np
import pandas as pd
from synapse_common.decision import Calibration, DecisionRule
from synapse_common.taxonomy import CATEGORIES, COLUMNS
from synapse_pipelines.evaluation.bootstrap import draw
from synapse_pipelines.evaluation.measured import Measured

NAN = np.nan


def rule(threshold: float = 0.5) -> DecisionRule:
    return DecisionRule(
        thresholds=dict.fromkeys(CATEGORIES, threshold), calibration={name: Calibration() for name in CATEGORIES}
    )


def measured(toxicity: list[float], hate: list[float], logits: list[float]) -> Measured:
    rows = pd.DataFrame({column: pd.Series([None] * len(toxicity), dtype="boolean") for column in COLUMNS})
    for column, values in (("toxicity", toxicity), ("hate", hate)):
        rows[column] = pd.Series([None if np.isnan(one) else bool(one) for one in values], dtype="boolean")
    return Measured.of(np.repeat(np.array(logits, np.float32)[:, None], 8, axis=1), rule(), rows)


def test_a_verdict_is_known_where_a_label_is_positive_or_toxicity_negative() -> None:
    found = measured([1, 0, NAN, NAN, 0], [NAN, NAN, 1, 0, 1], [0.0] * 5).truth
    np.testing.assert_array_equal(found, [1, 0, 1, NAN, 1])


def test_the_verdict_is_positive_where_any_category_is() -> None:
    one = measured([1, 0], [NAN, NAN], [2.0, -2.0])
    assert one.flagged.tolist() == [True, False]
    figures = one.verdict_figures(draw(2, 0, resamples=5))
    assert (figures.n, figures.positives, figures.accuracy) == (2, 1, 1.0)


def test_a_part_keeps_its_rows() -> None:
    part = measured([1, 0, 1], [NAN] * 3, [2.0, -2.0, 3.0]).at(np.array([False, True, True]))
    np.testing.assert_array_equal(part.labels[:, 0], [0, 1])
    assert part.flagged.tolist() == [False, True]


def test_an_empty_part_has_figures_without_values() -> None:
    part = measured([1, 0], [NAN] * 2, [0.0, 0.0]).at(np.zeros(2, dtype=bool))
    counts = draw(2, 0, resamples=5)[:, :0]
    assert part.verdict_figures(counts).n == 0
    assert part.macro(counts) is None


def test_macro_needs_enough_labels_of_a_category() -> None:
    few = measured([1, 0], [NAN] * 2, [1.0, -1.0])
    assert few.macro(draw(2, 0, resamples=5)) is None
    enough = measured([1, 0] * 10, [NAN] * 20, [1.0, -1.0] * 9 + [-1.0, 1.0])
    found = enough.macro(draw(20, 0, resamples=50))
    assert found is not None
    assert found.interval is not None
    assert found.interval[0] < found.value < 1.0
