"""The data report: what came in, what went out and why, as one HTML page without any message text."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import pyarrow.parquet as pq
from jinja2 import Environment, StrictUndefined
from matplotlib.figure import Figure
from pydantic import BaseModel, ConfigDict
from synapse_common.taxonomy import CATEGORIES, COLUMNS

from synapse_pipelines.data.dataset import DatasetInfo
from synapse_pipelines.data.flow import Flow
from synapse_pipelines.data.split import SPLITS
from synapse_pipelines.data.writing import LENGTHS, Written

mpl.use("Agg")

_PAGE: Final = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
_EXAMPLES: Final = 5
_CLIPPED: Final = 40  # characters of a value


class Labels(BaseModel):
    """Rows and known labels of one source, language and split."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    split: str
    source: str
    language: str
    rows: int
    positives: dict[str, int]
    negatives: dict[str, int]


class Example(BaseModel):
    """A quarantined row without what people wrote: long values are replaced by their length."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: str
    place: str
    reason: str
    content: str


class DataReport(BaseModel):
    """Content of ``data_report.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    info: DatasetInfo
    flows: dict[str, Flow]
    languages: dict[str, dict[str, int]]
    """Labelled rows by the language that the source states, then by the one detected (``und``: too little to tell)."""
    labels: list[Labels]
    lengths: dict[str, list[int]]
    """Rows by split and class of text length."""
    examples: list[Example]


def build_report(
    info: DatasetInfo,
    flows: Mapping[str, Flow],
    languages: Mapping[tuple[str, str], int],
    written: Written,
    quarantine: Path,
) -> DataReport:
    """Put the counts together, and read some examples from the tables in `quarantine`."""
    found: dict[str, dict[str, int]] = {}
    for (stated, detected), count in sorted(languages.items()):
        found.setdefault(stated, {})[detected] = count
    labels = [
        Labels(
            split=split,
            source=source,
            language=language,
            rows=count,
            positives={column: pair[0] for column, pair in written.labels[split, source, language].items()},
            negatives={column: pair[1] for column, pair in written.labels[split, source, language].items()},
        )
        for (split, source, language), count in sorted(written.counts.items())
    ]
    examples = [example for file in sorted(quarantine.glob("*.parquet")) for example in _examples(file)]
    return DataReport(
        info=info,
        flows=dict(flows),
        languages=found,
        labels=labels,
        lengths=written.lengths,
        examples=examples,
    )


def html_report(report: DataReport) -> str:
    """Return the report as one page with its picture inside."""
    template = files(__package__).joinpath("report.html.j2").read_text("utf-8")
    bounds = [0, *LENGTHS]
    classes = [f"{low} to {high - 1}" for low, high in zip(bounds, LENGTHS, strict=False)] + [f"{LENGTHS[-1]} and more"]
    detected = sorted({language for row in report.languages.values() for language in row})
    by_source: dict[tuple[str, str], list[Labels]] = {}
    for labels in report.labels:
        by_source.setdefault((labels.source, labels.language), []).append(labels)
    return _PAGE.from_string(template).render(
        r=report,
        names=dict(zip(COLUMNS, CATEGORIES, strict=True)),
        splits=SPLITS,
        classes=classes,
        detected=detected,
        by_source={key: _total(parts) for key, parts in by_source.items()},
        funnel=base64.b64encode(funnel_png(report.flows)).decode(),
    )


def funnel_png(flows: Mapping[str, Flow]) -> bytes:
    """Return a picture of how many rows of each table are left after each step, as PNG bytes."""
    figure = Figure(figsize=(10, 3.2), layout="constrained")
    for axes, (name, flow) in zip(figure.subplots(1, len(flows), squeeze=False).flat, flows.items(), strict=True):
        steps = flow.funnel
        bars = axes.barh(list(steps), list(steps.values()), color="#3b6ea5")
        axes.bar_label(bars, labels=[f"{count:,}" for count in steps.values()], padding=4)
        axes.set(title=name, xlim=(0, 1.25 * max(1, flow.came_in)), xticks=[])
        axes.invert_yaxis()
        axes.spines[["top", "right", "bottom"]].set_visible(False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()


def _total(parts: list[Labels]) -> dict[str, Any]:
    return {
        "rows": sum(part.rows for part in parts),
        "labels": {
            column: (sum(part.positives[column] for part in parts), sum(part.negatives[column] for part in parts))
            for column in COLUMNS
        },
    }


def _examples(file: Path) -> list[Example]:
    source = pq.ParquetFile(file)
    rows = next(source.iter_batches(_EXAMPLES)).to_pylist() if source.metadata.num_rows else []
    return [
        Example(
            table=file.stem,
            place=Path(row["file"]).name + (f", line {row['row']}" if row["row"] is not None else ""),
            reason=row["reason"],
            content=_without_text(row["content"]),
        )
        for row in rows
    ]


def _without_text(content: str) -> str:
    try:
        row = json.loads(content)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        return f"a line of {len(content)} characters"
    return ", ".join(f"{_clipped(name)}: {_shown(name, value)}" for name, value in row.items())


def _shown(name: str, value: Any) -> str:
    text = str(value)
    if name == "text" or len(text) > _CLIPPED:
        return f"({len(text)} characters)"
    return text


def _clipped(name: str) -> str:
    return name if len(name) <= _CLIPPED else f"{name[:_CLIPPED]}…"
