from synapse_common.taxonomy import CATEGORIES
from synapse_pipelines.evaluation.evaluate import Evaluation
from synapse_pipelines.evaluation.report import html_report, markdown_summary, plot_pngs


def test_the_page_holds_its_plots_and_every_category(evaluation: Evaluation) -> None:
    page = html_report(evaluation)
    assert page.count("data:image/png;base64,") == 3
    assert 'src="http' not in page
    for name in CATEGORIES:
        assert f"<td>{name}</td>" in page
    assert evaluation.data.version in page


def test_plots_are_png(evaluation: Evaluation) -> None:
    assert all(png.startswith(b"\x89PNG") for png in plot_pngs(evaluation).values())


def test_the_summary_has_a_row_for_each_category_and_language(evaluation: Evaluation) -> None:
    summary = markdown_summary(evaluation)
    assert all(f"| {name} | {language} |" in summary for name in CATEGORIES for language in ("all", "en", "pt"))
