from __future__ import annotations

from pathlib import Path

import pytest
from synapse_cli.demo.guarded_chat import Conversation
from synapse_cli.demo.report import quantiles, write_report
from synapse_cli.demo.steps import Outcome, Part


def test_quantiles_are_those_of_the_sample() -> None:
    assert quantiles([float(n) for n in range(101)]) == pytest.approx({"p50": 50, "p95": 95, "p99": 99})


def test_the_report_shows_what_ran_and_escapes_what_users_wrote(tmp_path: Path) -> None:
    report = {
        "latencies_ms": [10.0, 20.0, 30.0],
        "throughput": 50.0,
        "concurrency": 4,
        "timeline": [{"events": 100, "drift_percent": 1.0, "phase": "usual"}],
        "evidently": "/reports/drift.html",
        "conversations": [Conversation("<script>alert(1)</script>", True, "toxicity 0.99", 0, "c")],
    }
    outcomes = [
        Outcome("all of it", True, 1.0, "fine", report, [Part("a part", 0.5, "fine too")]),
        Outcome("the end", False, 1.0, "it broke", {}),
    ]
    file = tmp_path / "deep" / "report.html"
    write_report(file, outcomes, None)
    page = file.read_text()
    assert "<script>alert(1)</script>" not in page
    assert "&lt;script&gt;" in page
    assert page.count("data:image/png;base64,") == 2  # latency and drift; no model was measured
    for text in ("a part", "it broke", "/reports/drift.html"):
        assert text in page


def test_a_demo_that_failed_at_once_still_has_a_report(tmp_path: Path) -> None:
    write_report(tmp_path / "report.html", [Outcome("training", False, 1.0, "no data", {})], None)
    assert "no data" in (tmp_path / "report.html").read_text()
