import pytest
from synapse_common.taxonomy import CATEGORIES
from synapse_pipelines.evaluation.evaluate import Evaluation


def test_every_language_and_category_is_measured_on_test(evaluation: Evaluation) -> None:
    assert set(evaluation.figures) == {"all", "en", "pt"}
    for categories in evaluation.figures.values():
        assert tuple(categories) == CATEGORIES
    every = evaluation.figures["all"]["hate"]
    assert every.n == evaluation.data.rows["test"]
    assert every.n == evaluation.figures["en"]["hate"].n + evaluation.figures["pt"]["hate"].n


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


def test_the_evaluation_survives_its_file(evaluation: Evaluation) -> None:
    assert Evaluation.model_validate_json(evaluation.model_dump_json()) == evaluation
