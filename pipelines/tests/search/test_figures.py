import numpy as np
import pytest
from synapse_common.decision import Floats
from synapse_pipelines.errors import DataError
from synapse_pipelines.search.figures import figures

CATEGORIES = 8


def labelled(n: int = 200, positives: int = 60) -> Floats:
    labels = np.full((n, CATEGORIES), np.nan, dtype=np.float32)
    labels[:, 0] = np.arange(n) < positives
    return labels


def logits_for(labels: Floats, strength: float, noise: float) -> Floats:
    rng = np.random.default_rng(3)
    signal = strength * (2 * np.nan_to_num(labels) - 1)
    return np.asarray(signal + noise * rng.standard_normal(labels.shape), dtype=np.float32)


def test_a_perfect_model_has_nearly_all_and_a_blind_one_explains_nothing() -> None:
    labels = labelled()
    perfect = figures(logits_for(labels, strength=8, noise=0.1), labels, seed=1)
    assert (perfect.accuracy, perfect.f1, perfect.macro_auprc) == (1, 1, 1)
    assert perfect.explained > 0.95
    assert perfect.objective == pytest.approx((perfect.explained + perfect.accuracy + perfect.f1) / 3, abs=1e-5)
    blind = figures(np.zeros_like(labels), labels, seed=1)
    assert blind.accuracy == 0.7
    assert abs(blind.explained) < 0.05


def test_the_loss_is_that_of_calibrated_scores() -> None:
    labels = labelled()
    logits = logits_for(labels, strength=1.5, noise=1)
    shifted = figures(logits * 3 + 2, labels, seed=1)
    assert shifted.loss == pytest.approx(figures(logits, labels, seed=1).loss, abs=0.02)
    assert shifted.f1 == figures(logits, labels, seed=1).f1


def test_a_better_model_has_a_better_objective() -> None:
    labels = labelled()
    objectives = [
        figures(logits_for(labels, strength, noise=1), labels, seed=1).objective for strength in (0.2, 0.8, 2)
    ]
    assert objectives == sorted(objectives)


def test_without_enough_labels_there_is_nothing_to_search_by() -> None:
    labels = labelled(positives=9)
    with pytest.raises(DataError, match="valid_rows"):
        figures(np.zeros_like(labels), labels, seed=1)
