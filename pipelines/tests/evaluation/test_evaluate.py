from itertools import chain

import pytest
from synapse_common.taxonomy import CATEGORIES
from synapse_pipelines.augmentation.obfuscation import TRICKS
from synapse_pipelines.evaluation.baselines.compare import LEXICON, PROFANITY, TFIDF
from synapse_pipelines.evaluation.evaluate import Evaluation


def test_every_language_and_category_is_measured_on_test(evaluation: Evaluation) -> None:
    assert set(evaluation.figures) == {"all", "en", "pt"}
    for categories in evaluation.figures.values():
        assert tuple(categories) == CATEGORIES
    every = evaluation.figures["all"]["hate"]
    assert every.n == evaluation.data.rows["test"]
    assert every.n == evaluation.figures["en"]["hate"].n + evaluation.figures["pt"]["hate"].n


def test_figures_have_intervals_around_them(evaluation: Evaluation) -> None:
    for figures in chain(*(categories.values() for categories in evaluation.figures.values())):
        for name, (low, high) in figures.intervals.items():
            assert low <= getattr(figures, name) <= high
    assert {"accuracy", "auprc", "auroc"} <= set(evaluation.figures["all"]["toxicity"].intervals)
    macro = evaluation.macro["all"]
    assert macro.value == evaluation.macro_auprc
    assert macro.interval is not None
    assert macro.interval[0] < macro.interval[1]


def test_confusion_counts_every_labelled_text_once(evaluation: Evaluation) -> None:
    for name, matrix in evaluation.confusion.items():
        figures = evaluation.figures["all"][name]
        assert sum(map(sum, matrix)) == figures.n
        assert sum(matrix[1]) == figures.positives


def test_the_confusion_of_the_verdict_agrees_with_its_figures(evaluation: Evaluation) -> None:
    figures = evaluation.flagged["all"]
    (tn, fp), (fn, tp) = evaluation.flagged_confusion
    assert (tn + fp + fn + tp, fn + tp) == (figures.n, figures.positives)
    assert figures.accuracy == pytest.approx((tn + tp) / figures.n)


def test_the_baselines_are_measured_in_the_same_run(evaluation: Evaluation) -> None:
    assert list(evaluation.baselines) == [TFIDF, LEXICON, PROFANITY]
    assert evaluation.baseline_macro_auprc == evaluation.baselines[TFIDF].macro_auprc["all"].value
    assert evaluation.baseline["hate"].n == evaluation.figures["all"]["hate"].n


def test_slices_attacks_and_decisions_are_there(evaluation: Evaluation) -> None:
    assert {one.kind for one in evaluation.slices} >= {"source", "length", "spelling"}
    assert len(evaluation.attacks) == 1 + len(TRICKS)
    assert {name: one.threshold for name, one in evaluation.decisions.items()} == evaluation.decision.thresholds
    assert sum(one.n for one in evaluation.reliability["hate"]) == evaluation.figures["all"]["hate"].n
    assert "toxicity" in evaluation.label_noise


def test_goals_are_told_of_generated_data_too(evaluation: Evaluation) -> None:
    assert {goal.name for goal in evaluation.goals} >= {"error below the baseline's by", "expected calibration error"}


def test_a_model_without_champion_or_teacher_is_compared_with_none(evaluation: Evaluation) -> None:
    assert evaluation.champion is None
    assert evaluation.teacher is None
    assert evaluation.functional is None


def test_champion_teacher_and_functional_tests_are_measured_where_they_are(compared: Evaluation) -> None:
    assert compared.champion is not None
    assert compared.champion.gain["all"].value == pytest.approx(
        compared.macro_auprc - compared.champion.macro_auprc["all"]
    )
    assert compared.teacher is not None
    assert compared.teacher.gain["all"].value == pytest.approx(0.0)  # the fixture's teacher is the model itself
    assert compared.functional is not None
    assert compared.functional.n == 2


def test_the_evaluation_survives_its_file(compared: Evaluation) -> None:
    assert Evaluation.model_validate_json(compared.model_dump_json()) == compared
