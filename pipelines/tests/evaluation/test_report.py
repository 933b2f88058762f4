import re
from html.parser import HTMLParser

import pytest
from synapse_common.taxonomy import CATEGORIES
from synapse_pipelines.evaluation.evaluate import Evaluation
from synapse_pipelines.evaluation.report import html_report, markdown_summary

_VOID = {"meta", "br", "img", "link", "use", "path", "hr"}


class _Balance(HTMLParser):
    """Collects ids, and fails on a tag that closes another than the open one."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(compared: Evaluation) -> str:
    return html_report(compared)


def test_the_page_holds_its_plots_and_every_category(page: str, compared: Evaluation) -> None:
    assert page.count("<svg") == len(re.findall(r'<figure role="img" aria-label="[^"]+">', page)) >= 6
    assert not re.search(r'(?:src|href)="https?://', page)
    for name in CATEGORIES:
        assert page.count(f'<th scope="row">{name}</th>') >= 4
    assert compared.data.version in page


def test_the_page_is_well_formed_and_its_links_lead_somewhere(page: str) -> None:
    parser = _Balance()
    parser.feed(page)
    assert parser.open == []
    for target in re.findall(r'href="#([a-z]+)"', page):
        assert target in parser.ids


def test_goals_stand_with_their_outcome(page: str, compared: Evaluation) -> None:
    for goal in compared.goals:
        assert goal.name.replace("'", "&#39;") in page
        assert goal.verdict in page


def test_sections_without_content_are_left_out(evaluation: Evaluation, page: str) -> None:
    assert 'id="functional"' in page
    assert 'id="others"' in page
    alone = html_report(evaluation)
    assert 'id="functional"' not in alone
    assert 'id="others"' not in alone


def test_the_summary_has_the_goals_and_a_row_for_each_category_and_language(compared: Evaluation) -> None:
    summary = markdown_summary(compared)
    assert all(f"| {name} | {language} |" in summary for name in CATEGORIES for language in ("all", "en", "pt"))
    for goal in compared.goals:
        assert f"| {goal.name} |" in summary
