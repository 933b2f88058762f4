"""``python -m synapse_drift_monitor.report REFERENCE CURRENT HTML``: compare two tables and write what Evidently says.

The report is for people who look into a drift: histograms side by side and a statistical test for each column. The
levels of the monitor do not come from it; see drift/distance.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

from synapse_drift_monitor.drift.reference import SCORE_COLUMNS

_DEFINITION = DataDefinition(
    numerical_columns=[*SCORE_COLUMNS, "text_length"], categorical_columns=["language", "flagged"]
)


def write_report(reference: Path, current: Path, html: Path) -> None:
    """Compare the Parquet tables `current` and `reference`, and write the report to `html`."""
    snapshot = Report([DataDriftPreset()]).run(_dataset(current), _dataset(reference))
    snapshot.save_html(str(html))


def _dataset(path: Path) -> Dataset:
    table = pd.read_parquet(path, columns=[*SCORE_COLUMNS, "text_length", "language", "flagged"])
    table["flagged"] = table["flagged"].map({True: "yes", False: "no"})
    return Dataset.from_pandas(table, data_definition=_DEFINITION)


if __name__ == "__main__":
    write_report(*map(Path, sys.argv[1:4]))
