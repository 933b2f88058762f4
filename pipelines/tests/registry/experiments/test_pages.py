from html.parser import HTMLParser
from pathlib import Path

import pytest
from synapse_pipelines.registry.environment import Environment
from synapse_pipelines.registry.experiments.pages import write_pages
from synapse_pipelines.registry.tracking import Tracker, local_tracking_uri

# MLflow's own modules and the SQLite driver leave warnings of theirs behind.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


class Page(HTMLParser):
    """Text, links and pictures of a page."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.text = ""
        self.links: list[str] = []
        self.pictures: dict[str, str] = {}
        self.feed(file.read_text(encoding="utf-8"))

    def handle_data(self, data: str) -> None:
        self.text += " ".join(data.split()) + "\n" if data.strip() else ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(found["href"])
        if tag == "img":
            self.pictures[found["alt"]] = found["src"]


def test_every_run_has_a_page_and_trials_stand_below_their_search(tmp_path: Path) -> None:
    tracker = Tracker(local_tracking_uri(tmp_path))
    environment = Environment.here("abc+")
    with tracker.run("search", environment, note="<b>why</b>") as search:
        search.files({"plots/importance.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>"})
        with tracker.run("trial", environment, parent=search.id) as trial:
            trial.params({"learning_rate": 0.125})
            trial.curve("loss", {10: 0.75, 20: 0.5})
            trial.data("labelled", version="v1", source="s1", profile={"rows": {"train": 1234}}, context="training")
    with pytest.raises(ValueError, match="broken"), tracker.run("broken", environment):
        raise ValueError("broken")

    pages = write_pages(tracker.tracking_uri, tmp_path / "pages")
    assert len(pages) == 4
    index = Page(pages[0])
    assert index.links.index(f"{search.id}.html") + 1 == index.links.index(f"{trial.id}.html")
    assert {"broken", "failed", "0.5000", "abc+"} <= set(index.text.split("\n"))

    page = Page(tmp_path / "pages" / f"{trial.id}.html")
    lines = page.text.split("\n")
    assert lines[lines.index("learning_rate") + 1] == "0.125"
    assert "1,234 train" in page.text
    assert page.pictures["loss by step"].startswith("data:image/svg+xml;base64,")
    assert f"{search.id}.html" in page.links
    assert "environment/requirements.txt" in lines

    parent = (tmp_path / "pages" / f"{search.id}.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;why" in parent
    assert "plots/importance.svg" in Page(tmp_path / "pages" / f"{search.id}.html").pictures
