"""A search as a self-contained HTML page, for the Kubeflow UI and the tracker."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping
from importlib.resources import files

from jinja2 import Environment

from synapse_pipelines.search.plots import MIN_FOR_IMPORTANCE
from synapse_pipelines.search.result import SearchResult

_PAGE = Environment(autoescape=True, trim_blocks=True).from_string(
    files(__package__).joinpath("report.html.j2").read_text("utf-8")
)


def html_report(result: SearchResult, plots: Mapping[str, bytes]) -> str:
    """Return the search as one HTML page with its `plots` (PNG, as of `plot_pngs`) inside."""
    counts = Counter(row.ending for row in result.trials)
    return _PAGE.render(
        result=result,
        plots={name: base64.b64encode(png).decode() for name, png in plots.items()},
        names=sorted({name for row in result.trials for name in row.settings}),
        counts=", ".join(f"{count} {ending}" for ending, count in counts.items()),
        complete=counts["complete"],
        least=MIN_FOR_IMPORTANCE,
    )
