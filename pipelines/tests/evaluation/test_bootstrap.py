import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score
from synapse_pipelines.evaluation.bootstrap import (
    Estimate,
    auprc_replicates,
    draw,
    ece_replicates,
    estimate,
    interval,
    rate_replicates,
    with_intervals,
)

NAN = np.nan
quick = settings(deadline=None, max_examples=30)


def sample(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores with ties and labels with unknown ones."""
    rng = np.random.default_rng(seed)
    labels = np.where(rng.random(n) < 0.2, NAN, rng.random(n) < 0.4).astype(np.float32)
    scores = np.round(rng.random(n) * 0.7 + 0.3 * np.nan_to_num(labels), 1).astype(np.float32)
    return scores, labels


def in_all_columns(values: np.ndarray) -> np.ndarray:
    return np.repeat(values[:, None], 8, axis=1)


def test_a_resample_draws_as_many_texts_as_there_are() -> None:
    counts = draw(50, seed=1, resamples=20)
    assert counts.shape == (20, 50)
    assert (counts.sum(axis=1) == 50).all()
    assert (draw(50, seed=1, resamples=20) == counts).all()
    assert (draw(50, seed=2, resamples=20) != counts).any()


def test_clusters_are_drawn_whole() -> None:
    clusters = np.array([0, 0, 1, 1, 1, 2])
    counts = draw(6, seed=0, resamples=100, clusters=clusters)
    for cluster in range(3):
        part = counts[:, clusters == cluster]
        assert (part == part[:, :1]).all()


def test_no_texts_give_no_resample_of_any() -> None:
    assert draw(0, seed=0).shape == (1000, 0)


def test_each_replicate_is_the_figure_of_the_texts_that_it_drew() -> None:
    scores, labels = sample(60)
    counts = draw(60, seed=3, resamples=25)
    known = ~np.isnan(labels)
    macro = auprc_replicates(counts, in_all_columns(scores), in_all_columns(labels))
    for values, drawn in zip(macro, counts[:, known], strict=True):
        assert values == pytest.approx(average_precision_score(labels[known], scores[known], sample_weight=drawn))


@pytest.mark.parametrize("figure", ["auprc", "auroc", "f1"])
def test_the_interval_is_that_of_a_bootstrap_by_loop(figure: str) -> None:
    scores, labels = sample(80)
    counts = draw(80, seed=5, resamples=200)
    known = ~np.isnan(labels)
    measure = {
        "auprc": average_precision_score,
        "auroc": roc_auc_score,
        "f1": lambda truth, score, sample_weight: f1_score(truth, score >= 0.5, sample_weight=sample_weight),
    }[figure]
    slow = [measure(labels[known], scores[known], sample_weight=drawn) for drawn in counts[:, known]]
    found = with_intervals(counts, scores, scores >= 0.5, labels)
    assert found.intervals[figure] == pytest.approx(tuple(np.percentile(slow, [2.5, 97.5])))


@quick
@given(st.integers(2, 80), st.integers(0, 2**32 - 1))
def test_every_interval_holds_its_figure(n: int, seed: int) -> None:
    scores, labels = sample(n, seed)
    found = with_intervals(draw(n, seed, resamples=50), scores, scores >= 0.5, labels)
    for name, (low, high) in found.intervals.items():
        assert 0 <= low <= getattr(found, name) <= high <= 1


@quick
@given(st.permutations(range(40)))
def test_the_order_of_texts_does_not_matter(order: list[int]) -> None:
    scores, labels = sample(40)
    counts = draw(40, seed=1, resamples=30)
    found = with_intervals(counts[:, order], scores[order], scores[order] >= 0.5, labels[order])
    straight = with_intervals(counts, scores, scores >= 0.5, labels)
    for name, bounds in straight.intervals.items():
        assert found.intervals[name] == pytest.approx(bounds)


def test_more_texts_give_a_narrower_interval() -> None:
    widths = []
    for n in (100, 2_000):
        scores, labels = sample(n)
        low, high = with_intervals(draw(n, 0, resamples=200), scores, scores >= 0.5, labels).intervals["auprc"]
        widths.append(high - low)
    assert widths[1] < widths[0] / 2


def test_a_figure_that_many_resamples_lack_has_no_interval() -> None:
    labels = np.zeros(50, np.float32)
    labels[0] = 1  # a third of the resamples draw no positive
    found = with_intervals(draw(50, 0), np.linspace(0, 1, 50, dtype=np.float32), np.zeros(50, bool), labels)
    assert found.auprc is not None
    assert "auprc" not in found.intervals
    assert "accuracy" in found.intervals


def test_unknown_labels_alone_have_no_figures() -> None:
    found = with_intervals(draw(5, 0), np.ones(5, np.float32), np.ones(5, bool), np.full(5, NAN, np.float32))
    assert (found.n, found.intervals) == (0, {})


def test_an_interval_is_stretched_to_its_point() -> None:
    assert interval(np.linspace(0.4, 0.6, 100), 0.1) == pytest.approx((0.1, 0.595))
    assert interval(np.full(10, NAN), 0.5) is None


def test_resamples_that_never_differ_make_nothing_sure() -> None:
    assert interval(np.ones(100), 1.0) is None
    assert interval(np.array([0.5] * 50 + [1.0] * 50), 1.0) == (0.5, 1.0)


def test_models_are_compared_on_the_same_resamples() -> None:
    scores, labels = in_all_columns(sample(200)[0]), in_all_columns(sample(200)[1])
    counts = draw(200, 0, resamples=50)
    once, again = (auprc_replicates(counts, scores, labels) for _ in range(2))
    assert (once == again).all()
    assert estimate(0.1, once - again + 0.1) == Estimate(value=0.1)


def test_without_enough_labels_there_is_nothing_to_resample() -> None:
    labels = np.full((5, 8), NAN, np.float32)
    counts = draw(5, 0, resamples=3)
    assert (auprc_replicates(counts, labels, labels) == 0).all()
    assert (ece_replicates(counts, labels, labels) == 0).all()


def test_a_share_among_the_texts_drawn() -> None:
    hits = np.array([True, True, False, False])
    assert rate_replicates(np.array([[4, 0, 0, 0], [1, 1, 1, 1], [0, 0, 2, 2]], np.uint8), hits).tolist() == [1, 0.5, 0]


def test_an_estimate_reads_well() -> None:
    assert str(Estimate(value=0.5, interval=(0.4, 0.61))) == "0.5000 (0.4000 to 0.6100)"
    assert str(Estimate(value=0.5)) == "0.5000"
