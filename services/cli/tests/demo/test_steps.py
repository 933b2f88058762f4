from __future__ import annotations

import pytest
from rich.console import Console
from synapse_cli.demo.steps import CheckFailedError, Part, Progress, Step, StepResult, check, print_table, run_steps


def passing(progress: Progress) -> StepResult:
    progress("half way")
    progress.done("first half")
    return StepResult("done", {"figure": 1}, [Part("first half", 1.5, "went well")])


def failing(_progress: Progress) -> StepResult:
    check(False, "the figure is wrong")
    return StepResult("never")


def test_steps_run_in_order_and_stop_at_the_first_failure() -> None:
    console = Console(record=True, width=120)
    outcomes = run_steps([Step("one", passing), Step("two", failing), Step("three", passing)], console)
    assert [(outcome.name, outcome.ok) for outcome in outcomes] == [("one", True), ("two", False)]
    assert "the figure is wrong" in outcomes[1].summary
    print_table(outcomes, console)
    shown = console.export_text()
    assert "✓ first half" in shown  # also where nobody can see a line that changes
    assert "went well" in shown
    assert "failed" in shown


def test_check_raises_only_when_it_must() -> None:
    check(True, "fine")
    with pytest.raises(CheckFailedError, match="not fine"):
        check(False, "not fine")
