import numpy as np
import pytest
from synapse_pipelines.evaluation.bootstrap import draw
from synapse_pipelines.evaluation.label_noise import label_noise


def noisy(wrong_positives: float, wrong_negatives: float, n: int = 8_000) -> tuple[np.ndarray, np.ndarray]:
    """Scores of a good model, and labels of which a known share is wrong."""
    rng = np.random.default_rng(0)
    truth = rng.random(n) < 0.5
    scores = 1 / (1 + np.exp(-rng.normal(np.where(truth, 4, -4), 1)))
    # So many of the labels of each kind are wrong, by Bayes' rule for even shares.
    flip = np.where(truth, wrong_negatives, wrong_positives)
    return scores.astype(np.float32), (truth ^ (rng.random(n) < flip)).astype(np.float32)


@pytest.mark.parametrize("wrong", [0.0, 0.05, 0.15])
def test_the_share_of_flipped_labels_is_found(wrong: float) -> None:
    scores, labels = noisy(wrong, wrong)
    found = label_noise(scores, labels, draw(len(labels), 0, resamples=50))
    assert found is not None
    assert found.ceiling.value == pytest.approx(1 - wrong, abs=0.015)
    if wrong:
        assert found.ceiling.interval is not None
        assert found.ceiling.interval[1] - found.ceiling.interval[0] < 0.03


def test_the_two_kinds_of_mistakes_are_told_apart() -> None:
    scores, labels = noisy(0.2, 0.02)
    found = label_noise(scores, labels, draw(len(labels), 0, resamples=20))
    assert found is not None
    # 0.2 of the negatives became positives, so of the positives 0.2 / (0.2 + 0.98) are wrong.
    assert found.wrong_positives == pytest.approx(0.2 / 1.18, abs=0.02)
    assert found.wrong_negatives == pytest.approx(0.02 / 0.82, abs=0.02)


def test_unknown_labels_are_left_out() -> None:
    scores, labels = noisy(0.1, 0.1, n=1_000)
    half = labels.copy()
    half[500:] = np.nan
    found = label_noise(scores, half, draw(1_000, 0, resamples=20))
    assert found is not None
    assert found.n == 500


@pytest.mark.parametrize("kind", [0.0, 1.0, np.nan])
def test_labels_of_one_kind_say_nothing(kind: float) -> None:
    labels = np.full(20, kind, np.float32)
    assert label_noise(np.linspace(0, 1, 20, dtype=np.float32), labels, draw(20, 0, resamples=5)) is None
