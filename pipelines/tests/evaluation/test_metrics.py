from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synapse_pipelines.evaluation.metrics import (
    BINS,
    bin_numbers,
    calibration_bins,
    calibration_error_by_chance,
    category_figures,
    curves,
    expected_calibration_error,
    macro_auprc,
)

NAN = np.nan


def test_figures_of_a_small_case() -> None:
    labels = np.array([1, 1, 0, 0, NAN], dtype=np.float32)
    scores = np.array([0.9, 0.2, 0.6, 0.1, 0.99], dtype=np.float32)
    found = category_figures(scores, scores >= 0.5, labels)
    assert (found.n, found.positives) == (4, 2)
    assert found.accuracy == found.precision == found.recall == found.f1 == found.false_positive_rate == 0.5
    assert found.auroc == 0.75
    assert found.auprc == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


@pytest.mark.parametrize("only", [0, 1])
def test_one_sided_labels_have_no_curve_figures(only: int) -> None:
    found = category_figures(np.full(3, 0.5, np.float32), np.ones(3, bool), np.full(3, only, np.float32))
    assert found.auprc is None
    assert found.auroc is None
    assert (found.recall is None) == (only == 0)
    assert (found.false_positive_rate is None) == (only == 1)


def test_an_empty_class_has_no_figures_at_all() -> None:
    found = category_figures(np.ones(3, np.float32), np.ones(3, bool), np.full(3, NAN, np.float32))
    assert found.n == 0
    assert found.accuracy is None
    assert found.f1 is None


def test_the_macro_average_leaves_thin_categories_out() -> None:
    labels = np.full((40, 8), NAN, dtype=np.float32)
    labels[:, 0] = np.repeat([0, 1], 20)
    labels[:3, 1] = [1, 0, 0]
    scores = np.zeros((40, 8), dtype=np.float32)
    scores[20:, 0] = 1
    assert macro_auprc(scores, labels) == 1.0
    assert macro_auprc(scores, np.full((40, 8), NAN, dtype=np.float32)) == 0.0


def test_curves_are_thinned_and_named() -> None:
    rng = np.random.default_rng(0)
    labels = np.full((1000, 8), NAN, dtype=np.float32)
    labels[:, 2] = rng.integers(0, 2, 1000)
    found = curves(rng.random((1000, 8)).astype(np.float32), labels)
    assert list(found) == ["hate/threatening"]
    points = found["hate/threatening"]
    assert len(points["precision"]) == len(points["recall"]) <= 100
    assert len(points["fpr"]) == len(points["tpr"]) == len(points["threshold"]) <= 100


def test_the_calibration_error_of_a_small_case() -> None:
    scores = np.array([0.1, 0.1, 0.9, 0.9], dtype=np.float32)
    bins = calibration_bins(scores, np.array([0, 1, 1, 1], dtype=bool))
    assert [(one.n, one.share_positive) for one in bins] == [(2, 0.5), (2, 1.0)]
    assert expected_calibration_error(bins) == pytest.approx((2 * 0.4 + 2 * 0.1) / 4)
    assert expected_calibration_error([]) is None


def test_scores_that_are_frequencies_have_no_calibration_error() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random(50_000).astype(np.float32)
    error = expected_calibration_error(calibration_bins(scores, rng.random(50_000) < scores))
    assert error is not None
    assert error < 0.01


@given(st.lists(st.tuples(st.floats(0, 1, width=32), st.booleans()), min_size=1, max_size=60), st.randoms())
def test_the_calibration_error_is_a_share_and_ignores_order(pairs: list[tuple[float, bool]], rng: Random) -> None:
    def error(pairs: list[tuple[float, bool]]) -> float:
        scores = np.array([score for score, _ in pairs], dtype=np.float32)
        found = expected_calibration_error(calibration_bins(scores, np.array([truth for _, truth in pairs])))
        assert found is not None
        return found

    assert 0 <= error(pairs) <= 1
    assert error(rng.sample(pairs, len(pairs))) == pytest.approx(error(pairs))


def test_every_score_has_a_bin() -> None:
    assert bin_numbers(np.array([0, 0.5, 1], np.float32)).tolist() == [0, BINS // 2, BINS - 1]


def test_chance_alone_makes_an_error_that_more_texts_make_smaller() -> None:
    rng = np.random.default_rng(0)
    few, many = (calibration_error_by_chance(rng.random(n).astype(np.float32), seed=1) for n in (100, 10_000))
    assert 0.05 < few < 0.2
    assert many < few / 5
    assert calibration_error_by_chance(np.zeros(0, np.float32), seed=1) == 0.0
    assert calibration_error_by_chance(np.zeros(9, np.float32), seed=1) == 0.0
