from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synapse_common.decision import Calibration
from synapse_common.taxonomy import CATEGORIES, COLUMNS
from synapse_pipelines.evaluation.thresholds import (
    DEFAULT_THRESHOLD,
    EVERYDAY_SOURCE,
    best_f1_threshold,
    decide,
    load_decisions,
    lowest_threshold,
    upper_bound,
    write_decisions,
)
from synapse_pipelines.recipe import Recipe

RECIPE = Recipe(max_false_positive_rate=0.05)


def validation(n: int = 2_000, *, everyday: int = 0, separation: float = 2.0) -> tuple[np.ndarray, pd.DataFrame]:
    """Logits and rows where every category but illicit has labels; the last `everyday` rows are unlabelled chat."""
    rng = np.random.default_rng(0)
    truth = rng.random(n) < 0.3
    truth[n - everyday :] = False
    logits = (rng.normal(size=(n, 8)) + separation * truth[:, None] - separation / 2).astype(np.float32)
    rows = pd.DataFrame(dict.fromkeys(COLUMNS, truth)).astype(dict.fromkeys(COLUMNS, "boolean"))
    rows["illicit"] = pd.Series([None] * n, dtype="boolean")
    rows["source"] = ["labelled"] * (n - everyday) + [EVERYDAY_SOURCE] * everyday
    rows.loc[n - everyday :, "toxicity"] = None
    return logits, rows


def test_the_bound_is_that_of_clopper_and_pearson() -> None:
    # Worked by hand: with none of n flagged the bound is 1 - 0.05 ** (1 / n).
    assert upper_bound(np.array([0]), 59)[0] == pytest.approx(1 - 0.05 ** (1 / 59))
    assert upper_bound(np.array([10]), 10)[0] == 1.0


@pytest.mark.parametrize(("n", "allowed"), [(60, 0), (100, 1), (1_000, 38)])
def test_so_many_may_be_flagged_that_the_limit_is_sure(n: int, allowed: int) -> None:
    negatives = np.linspace(0, 0.9, n, dtype=np.float32)
    threshold = np.float32(lowest_threshold(negatives, 0.05))
    assert (negatives >= threshold).sum() == allowed


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=400), st.floats(0.01, 0.5))
def test_no_sample_is_flagged_beyond_the_limit(negatives: list[float], limit: float) -> None:
    scores = np.array(negatives, dtype=np.float32)
    flagged = int((scores >= np.float32(lowest_threshold(scores, limit))).sum())
    assert flagged == 0 or upper_bound(np.array([flagged]), len(scores))[0] <= limit


def test_too_few_negatives_to_show_the_limit_flag_none_of_them() -> None:
    assert lowest_threshold(np.array([0.1, 0.2], np.float32), 0.05) == DEFAULT_THRESHOLD
    assert lowest_threshold(np.array([0.1, 0.9], np.float32), 0.05) > 0.9
    assert lowest_threshold(np.array([], np.float32), 0.05) == 0.0


def test_where_positives_stand_apart_no_false_positive_is_bought() -> None:
    logits, rows = validation(separation=12.0)
    found = decide(logits, rows, RECIPE, generated=False)
    assert found.categories["hate"].labelled is not None
    assert found.categories["hate"].labelled.value == 0
    assert found.categories["hate"].recall == 1


def test_the_threshold_of_the_best_f1() -> None:
    scores = np.array([0.1, 0.2, 0.6, 0.7, 0.8], dtype=np.float32)
    assert best_f1_threshold(scores, np.array([0, 0, 1, 1, 1], dtype=bool)) == pytest.approx(0.6)


@pytest.mark.parametrize("limit", [0.01, 0.05, 0.2])
def test_the_stated_rate_holds_and_is_told(limit: float) -> None:
    logits, rows = validation()
    recipe = RECIPE.model_copy(update={"max_false_positive_rate": limit})
    one = decide(logits, rows, recipe, generated=False).categories["hate"]
    assert one.limit == limit
    assert one.labelled is not None
    assert one.labelled.value < one.labelled.upper <= limit
    assert one.everyday is None


def test_a_category_may_have_a_limit_of_its_own() -> None:
    logits, rows = validation()
    recipe = RECIPE.model_copy(update={"max_false_positive_rates": {"sexual": 0.01}})
    found = decide(logits, rows, recipe, generated=False).categories
    assert found["sexual"].limit == 0.01
    assert found["sexual"].threshold > found["hate"].threshold
    assert found["sexual"].labelled is not None
    assert found["sexual"].labelled.upper <= 0.01


def test_everyday_messages_count_even_where_nobody_labelled_them() -> None:
    logits, rows = validation(everyday=500)
    plain = decide(logits, rows, RECIPE, generated=False).categories["toxicity"]
    logits[1_500:, 0] += 3  # the model is wrong about chat alone
    wrong = decide(logits, rows, RECIPE, generated=False).categories["toxicity"]
    assert wrong.threshold > plain.threshold
    assert wrong.everyday is not None
    assert wrong.everyday.upper <= 0.05
    assert wrong.everyday.n == 500
    assert wrong.labelled is not None
    assert wrong.labelled.n < 1_500


def test_a_thin_category_has_a_careful_threshold_and_no_calibration() -> None:
    logits, rows = validation(400, everyday=300)
    rows["violence"] = pd.Series([True] * 9 + [False] * 391, dtype="boolean")
    thin = decide(logits, rows, RECIPE, generated=False).categories["violence"]
    assert thin.calibration.calibration == Calibration()
    assert thin.threshold >= DEFAULT_THRESHOLD
    assert thin.positives == 9


def test_a_category_without_labels_keeps_the_default() -> None:
    logits, rows = validation()
    one = decide(logits, rows, RECIPE, generated=False).categories["illicit"]
    assert (one.threshold, one.recall, one.labelled) == (DEFAULT_THRESHOLD, None, None)


def test_a_model_of_generated_data_keeps_only_sure_verdicts() -> None:
    logits, rows = validation()
    rule = decide(logits, rows, RECIPE, generated=True).rule
    assert min(rule.thresholds.values()) >= RECIPE.generated_lowest_threshold


def test_decisions_survive_their_files(tmp_path: Path) -> None:
    found = decide(*validation(), RECIPE, generated=False)
    write_decisions(found, tmp_path)
    assert load_decisions(tmp_path) == found
    assert set(found.rule.thresholds) == set(CATEGORIES)


@pytest.mark.parametrize("limits", [{"rudeness": 0.1}, {"hate": 0.0}, {"hate": 1.0}])
def test_a_limit_that_makes_no_sense_is_refused(limits: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"unknown categories: rudeness|between 0 and 1"):
        Recipe(max_false_positive_rates=limits)
