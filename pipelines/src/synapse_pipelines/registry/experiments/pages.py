"""Write the pages: ``python -m synapse_pipelines.registry.experiments.pages [FOLDER]``."""

from __future__ import annotations

import base64
import sys
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

from jinja2 import Environment, FunctionLoader, StrictUndefined

from synapse_pipelines.registry.card.history import history_svg, metrics_history
from synapse_pipelines.registry.experiments.curves import curve_svg
from synapse_pipelines.registry.experiments.runs import RunData, read_runs
from synapse_pipelines.registry.tracking import Tracker, local_tracking_uri
from synapse_pipelines.settings import load_training_settings

_MAIN_METRICS: Final = {
    "macro_auprc": "macro AUPRC",
    "flagged_f1.all": "F1",
    "flagged_false_positive_rate.all": "FPR",
    "loss": "loss",
    "silhouette": "silhouette",
}
_KINDS: Final = {".png": "image/png", ".svg": "image/svg+xml"}


def write_pages(tracking_uri: str, out: Path) -> list[Path]:
    """Write ``index.html`` and a page for each run into `out`; return their paths, the index first."""
    out.mkdir(parents=True, exist_ok=True)
    tracker = Tracker(tracking_uri)
    runs = list(read_runs(tracker))
    models = [model.name for model in tracker.client.search_registered_models()]
    histories = {name: found for name in models if len(found := metrics_history(name, tracking_uri)) > 1}
    plots = {name: _data_uri("history.svg", history_svg(history).encode()) for name, history in histories.items()}
    pages = [out / "index.html"]
    shown = {name: title for name, title in _MAIN_METRICS.items() if any(name in run.metrics for run in runs)}
    pages[0].write_text(_page("index.html.j2", runs=_nested(runs), metrics=shown, histories=plots), encoding="utf-8")
    by_id = {run.id: run for run in runs}
    for run in runs:
        page = out / f"{run.id}.html"
        page.write_text(_run_page(run, by_id, tracking_uri), encoding="utf-8")
        pages.append(page)
    return pages


def _run_page(run: RunData, by_id: Mapping[str, RunData], tracking_uri: str) -> str:
    pictures = {path: _data_uri(path, content) for path, content in run.pictures.items()}
    curves = {name: _data_uri("curve.svg", curve_svg(name, points).encode()) for name, points in run.curves.items()}
    children = [other for other in by_id.values() if other.parent == run.id]
    return _page(
        "run.html.j2",
        run=run,
        parent=by_id.get(run.parent or ""),
        children=children,
        pictures=pictures,
        curves=curves,
        tracking_uri=tracking_uri,
    )


def _nested(runs: Sequence[RunData]) -> list[tuple[int, RunData]]:
    """Return the runs with their depth, each followed by those that are parts of it."""
    ids = {run.id for run in runs}

    def below(parent: str | None, depth: int) -> list[tuple[int, RunData]]:
        found: list[tuple[int, RunData]] = []
        for run in runs:
            if (run.parent if run.parent in ids else None) == parent:
                found += [(depth, run), *below(run.id, depth + 1)]
        return found

    return below(None, 0)


def _data_uri(path: str, content: bytes) -> str:
    return f"data:{_KINDS[Path(path).suffix]};base64,{base64.b64encode(content).decode()}"


def _page(template: str, **values: object) -> str:
    return _ENVIRONMENT.get_template(template).render(**values)


def _template(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


_ENVIRONMENT: Final = Environment(
    loader=FunctionLoader(_template), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
)


if __name__ == "__main__":
    settings = load_training_settings()
    uri = settings.tracking_uri or local_tracking_uri(settings.build_dir)
    written = write_pages(uri, Path(sys.argv[1]) if len(sys.argv) > 1 else settings.build_dir / "experiments")
    print(f"{len(written) - 1} runs: {written[0]}")
