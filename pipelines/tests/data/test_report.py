import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from synapse_pipelines.data.dataset import REPORT_FILE
from synapse_pipelines.data.flow import Flow
from synapse_pipelines.data.prepare import prepare_dataset
from synapse_pipelines.data.report import DataReport
from synapse_pipelines.recipe import Recipe

SECRET = "a sentence that nobody should read in a report"


@pytest.fixture(scope="module")
def out(source_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set made from tables with a row of every fate."""
    folder = tmp_path_factory.mktemp("report")
    tables = shutil.copytree(source_tables, folder / "tables")
    rows = pd.read_parquet(tables / "annotations.parquet").assign(source="people")
    rows.loc[0, "language"], rows.loc[0, "text"] = "fr", SECRET
    rows.loc[1, "text"] = "aaaaaaa"
    rows.loc[2, "text"] = rows.loc[3, "text"]
    rows.loc[4, "text"] = "nÃ£o sei o que Ã© isso"
    rows.to_parquet(tables / "annotations.parquet", index=False)
    file = tables / "feedback.jsonl"
    pd.read_parquet(tables / "feedback.parquet").to_json(file, orient="records", lines=True)
    (tables / "feedback.parquet").unlink()
    file.write_text(file.read_text(encoding="utf-8") + f"{SECRET}\n", encoding="utf-8")
    recipe = Recipe(max_source_rows=800, max_train_rows=300, chat_negatives=30, chat_sample=20)
    prepare_dataset(tables, recipe, folder / "out")
    return folder / "out"


@pytest.fixture(scope="module")
def report(out: Path) -> DataReport:
    return DataReport.model_validate_json((out / "data_report.json").read_bytes())


def test_every_row_that_came_in_is_counted_once(report: DataReport) -> None:
    assert {name: flow.balance for name, flow in report.flows.items()} == {"annotations": 0, "chat_logs": 0}
    flow = report.flows["annotations"]
    assert flow.came_in == 900
    assert flow.used["train"] == 300
    assert flow.left_out.keys() >= {"not drawn", "over the limit of its split"}
    assert sum(report.info.rows.values()) == sum(part.rows for part in report.labels)
    assert sum(sum(counts) for counts in report.lengths.values()) == sum(report.info.rows.values())


def test_the_funnel_narrows_to_what_is_used(report: DataReport) -> None:
    for flow in report.flows.values():
        steps = list(flow.funnel.values())
        assert steps == sorted(steps, reverse=True)
        assert steps[0] == flow.came_in
        assert steps[-1] == sum(flow.used.values())


def test_the_funnel_counts_unknown_reasons_as_noise() -> None:
    flow = Flow(came_in=10, quarantined={"x": 1}, left_out={"no label": 2, "odd": 3}, used={"train": 4})
    assert flow.funnel == {
        "came in": 10,
        "fit the schema": 9,
        "come into question": 7,
        "no noise": 4,
        "different texts": 4,
        "used": 4,
    }


def test_quarantined_rows_are_shown_without_what_people_wrote(out: Path, report: DataReport) -> None:
    page = (out / REPORT_FILE).read_text(encoding="utf-8")
    assert SECRET not in page
    assert SECRET not in json.dumps(report.model_dump())
    assert {(example.table, example.reason) for example in report.examples} == {
        ("annotations", "language: is not one of en, pt"),
        ("feedback", "the line is not JSON"),
    }
    assert "feedback.jsonl, line 81" in page
    assert f"text: ({len(SECRET)} characters)" in page
    assert "http" not in page.replace("http-equiv", "")  # self-contained


def test_the_page_shows_reasons_languages_and_labels(out: Path, report: DataReport) -> None:
    page = (out / REPORT_FILE).read_text(encoding="utf-8")
    for text in ("quarantined, language: is not one of en, pt", "hate/threatening", "people", "data:image/png"):
        assert text in page
    assert report.languages["pt"]["pt"] > report.languages["pt"].get("en", 0)
