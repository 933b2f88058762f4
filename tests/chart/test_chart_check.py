"""The command behind `make chart-test`."""

from tools import chart_check
from tools.chart_render import RenderError


def test_the_chart_and_the_manifests_have_no_faults(capsys):
    assert chart_check.main() == 0
    printed = capsys.readouterr().out
    for checked in (
        "helm lint --strict",
        "chart (defaults)",
        "chart (several gateways)",
        "manifests/base",
        "5 Deployment",
    ):
        assert checked in printed
    assert printed.endswith("chart-test: no faults\n")


def test_a_fault_is_named_and_fails_the_command(monkeypatch, capsys):
    monkeypatch.setattr(chart_check, "updated_schema", lambda: "{}")
    monkeypatch.setattr(chart_check, "VARIANTS", {})
    assert chart_check.main() == 1
    printed = capsys.readouterr()
    assert "values.schema.json differs" in printed.err
    assert "1 faults" in printed.out


def test_a_chart_that_does_not_render_fails_the_command(monkeypatch, capsys):
    def refuse() -> None:
        raise RenderError("templates/gateway.yaml: nil pointer")

    monkeypatch.setattr(chart_check, "lint_chart", refuse)
    assert chart_check.main() == 1
    assert "error: templates/gateway.yaml: nil pointer" in capsys.readouterr().err
