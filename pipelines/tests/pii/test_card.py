from pathlib import Path

import pytest
from synapse_pipelines.pii.card import CARD_FILE, markdown_card, write_card
from synapse_pipelines.pii.evaluate import Evaluation, Figures
from synapse_pipelines.pii.model import INFO_FILE, TaggerInfo
from synapse_pipelines.pii.report import Report
from synapse_pipelines.settings import SHARED_ENCODER

INFO = TaggerInfo(
    base_encoder=SHARED_ENCODER.name,
    max_tokens=128,
    sentences=29_328,
    steps=502,
    seconds=474.4,
    recipe={"layers": 2, "vocabulary": 6_500},
)


def figures(found: int) -> Figures:
    return Figures(labelled=100, found_of_labelled=found, found=100, right_of_found=found)


def evaluation(person: int, email: int) -> Evaluation:
    overall, by_type = figures((person + email) // 2), {"PERSON": figures(person), "EMAIL": figures(email)}
    return Evaluation(
        sentences=714, templates=125, overall=overall, any_type=figures(97), exact=overall, by_type=by_type
    )


@pytest.fixture
def report() -> Report:
    sets = {"generated en": evaluation(95, 99), "labelled en": evaluation(60, 100)}
    return Report(sets=sets, plain_texts=2_000, masked={"chat en": {"any": 0.107}})


def test_the_card_says_what_the_tagger_is_and_how_good(report: Report) -> None:
    text = markdown_card(INFO, report)
    assert "| licence | Apache-2.0" in text
    assert "MIT: intfloat/multilingual-e5-small" in text
    assert "`make train-pii`" in text
    assert "| labelled en | 714 | 0.800 | 0.800 | 0.970 |" in text
    assert "| chat en | 0.107 |" in text
    assert "- labelled en: fewer than nine in ten are found of PERSON." in text
    assert "- generated en: fewer" not in text


def test_sources_are_named_with_their_licences(report: Report) -> None:
    text = markdown_card(INFO, report)
    assert "(MIT): made-up English sentences" in text
    assert "Gouravajhala" in text
    assert "Vicomtech" in text
    assert "[CC-BY-SA-4.0](https://creativecommons.org/licenses/by-sa/4.0/legalcode)" in text


def test_sources_that_training_did_not_have_are_not_named(report: Report) -> None:
    alone = Report(sets={"generated en": report.sets["generated en"]}, plain_texts=2_000, masked={})
    text = markdown_card(INFO, alone)
    assert "presidio" not in text
    assert "CC-BY" not in text


def test_a_card_is_written_from_the_files_of_the_folder(report: Report, tmp_path: Path) -> None:
    (tmp_path / INFO_FILE).write_text(INFO.model_dump_json(), encoding="utf-8")
    (tmp_path / "evaluation.json").write_text(report.model_dump_json(), encoding="utf-8")
    write_card(tmp_path)
    assert (tmp_path / CARD_FILE).read_text(encoding="utf-8") == markdown_card(INFO, report)


def test_training_writes_the_card(tagger_folder: Path) -> None:
    text = (tagger_folder / CARD_FILE).read_text(encoding="utf-8")
    assert "Sentences generated from templates" in text
    assert "presidio" not in text  # it had no data folder
