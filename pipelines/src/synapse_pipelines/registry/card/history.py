"""The figures of a model's registered versions over time."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime

import matplotlib as mpl
from matplotlib.figure import Figure
from mlflow.entities.model_registry import ModelVersion

from synapse_pipelines.registry.card.data import HistoryEntry
from synapse_pipelines.registry.models import DATA_VERSION, VERSION_TAG
from synapse_pipelines.registry.tracking import Tracker

mpl.use("Agg")

_LINES = {"macro_auprc": "macro AUPRC", "f1": "F1 of the verdict", "false_positive_rate": "false-positive rate"}


def metrics_history(name: str, tracking_uri: str) -> list[HistoryEntry]:
    """Return the registered versions of model `name`, the oldest first; none for a model that is not registered.

    Of a bundle that is registered more than once, with other parameters, the first registration counts.
    """
    client = Tracker(tracking_uri).client
    found: dict[str, HistoryEntry] = {}
    versions: list[ModelVersion] = list(client.search_model_versions(f"name = '{name}'"))
    for version in sorted(versions, key=lambda one: int(one.version)):
        figures = client.get_run(str(version.run_id)).data.metrics
        if "macro_auprc" not in figures:
            continue
        entry = HistoryEntry(
            bundle_version=version.tags[VERSION_TAG],
            registered=datetime.fromtimestamp(version.creation_timestamp / 1000, UTC).replace(microsecond=0),
            data_version=version.tags[DATA_VERSION],
            macro_auprc=figures["macro_auprc"],
            f1=figures.get("flagged_f1.all"),
            false_positive_rate=figures.get("flagged_false_positive_rate.all"),
        )
        found.setdefault(entry.bundle_version, entry)
    return list(found.values())


def history_svg(history: Sequence[HistoryEntry]) -> str:
    """Return the history as one SVG plot, a line for each figure."""
    figure = Figure(figsize=(7, 2.8), layout="constrained")
    axes = figure.subplots()
    at = range(len(history))
    for name, label in _LINES.items():
        values = [getattr(entry, name) for entry in history]
        axes.plot(at, [float("nan") if value is None else value for value in values], marker="o", label=label)
    axes.set_xticks(at, [entry.bundle_version[:7] for entry in history], rotation=30)
    axes.set(ylim=(0, 1), xlabel="registered version, the newest on the right")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    buffer = io.StringIO()
    # A fixed salt and no date: equal histories give equal bytes.
    with mpl.rc_context({"svg.hashsalt": "synapse", "svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
