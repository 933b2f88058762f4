import numpy as np
import pytest
from synapse_common.taxonomy import CATEGORIES
from synapse_pipelines.evaluation.bootstrap import Estimate, draw
from synapse_pipelines.evaluation.goals import Goal, goals
from synapse_pipelines.evaluation.identity import FalsePositiveGap
from synapse_pipelines.evaluation.label_noise import LabelNoise
from synapse_pipelines.evaluation.measured import Measured

NO_GAP = FalsePositiveGap(groups={}, negatives={}, gap=None, by_chance=None)
N = 400


def noise(ceiling: float) -> LabelNoise:
    return LabelNoise(n=N, wrong_positives=0.1, wrong_negatives=0.1, ceiling=Estimate(value=ceiling))


def found(
    *, right: float = 1.0, ceiling: float = 0.9, gap: FalsePositiveGap = NO_GAP, known: bool = True
) -> dict[str, Goal]:
    """Goals of a model that is right about a share of toxicity labels, against a baseline that knows nothing."""
    rng = np.random.default_rng(0)
    labels = np.full((N, 8), np.nan, np.float32)
    truth = rng.random(N) < 0.5
    if known:
        labels[:, 0] = truth
    scores = np.full((N, 8), 0.01, np.float32)
    scores[:, 0] = np.where(truth ^ (rng.random(N) >= right), 0.99, 0.01)
    measured = Measured(scores, scores >= 0.5, labels)
    counts = draw(N, 0, resamples=100)
    baseline = rng.random((N, 8)).astype(np.float32)
    told = noise(ceiling) if known else None
    every = goals(measured, baseline, measured.category_figures(counts), gap, told, counts)
    return {goal.name: goal for goal in every}


def test_a_good_model_meets_its_goals_surely() -> None:
    every = found(right=0.99)
    assert [goal.verdict for goal in every.values()] == ["met"] * 3
    reduction = every["error below the baseline's by"]
    assert reduction.value.value > 0.9
    assert "of TF-IDF" in reduction.note
    assert every["expected calibration error"].value.value < 0.02
    assert f"worst is {CATEGORIES[0]}" in every["expected calibration error"].note


def test_a_model_that_guesses_meets_none_of_them() -> None:
    every = found(right=0.5)
    assert {goal.verdict for goal in every.values()} == {"not met"}


def test_accuracy_is_asked_for_as_far_as_the_labels_allow() -> None:
    assert found(ceiling=0.9)["accuracy of toxicity"].limit == 0.9
    assert found(ceiling=0.99)["accuracy of toxicity"].limit == 0.95


def test_a_gap_is_a_goal_where_groups_can_be_compared() -> None:
    assert "false-positive gap between identity groups" not in found()
    rates = {"a": Estimate(value=0.1), "b": Estimate(value=0.02)}
    gap = FalsePositiveGap(
        groups=rates,
        negatives={"a": 90, "b": 90},
        gap=Estimate(value=0.08, interval=(0.04, 0.12)),
        by_chance=0.03,
    )
    goal = found(gap=gap)["false-positive gap between identity groups"]
    assert goal.verdict == "not met, within the noise of this test set"
    assert "2 groups; chance alone would show 0.030" in goal.note


def test_without_labels_there_are_no_goals() -> None:
    assert found(known=False) == {}


@pytest.mark.parametrize(
    ("value", "interval", "at_least", "verdict"),
    [
        (0.5, (0.4, 0.6), True, "met"),
        (0.5, (0.2, 0.6), True, "met, within the noise of this test set"),
        (0.2, (0.1, 0.29), True, "not met"),
        (0.2, (0.1, 0.4), True, "not met, within the noise of this test set"),
        (0.2, (0.1, 0.29), False, "met"),
        (0.2, (0.1, 0.4), False, "met, within the noise of this test set"),
        (0.5, (0.4, 0.6), False, "not met"),
        (0.5, None, True, "met, within the noise of this test set"),
    ],
)
def test_an_outcome_says_whether_it_is_sure(
    value: float, interval: tuple[float, float] | None, at_least: bool, verdict: str
) -> None:
    goal = Goal(name="x", value=Estimate(value=value, interval=interval), limit=0.3, at_least=at_least, note="")
    assert goal.verdict == verdict
