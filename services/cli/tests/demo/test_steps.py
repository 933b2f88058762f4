from __future__ import annotations

from collections.abc import Callable

import pytest
from rich.console import Console
from synapse_cli.demo.steps import CheckFailedError, Step, StepResult, check, print_table, run_steps


def passing(progress: Callable[[str], None]) -> StepResult:
    progress("half way")
    return StepResult("done", {"figure": 1})


def failing(_progress: Callable[[str], None]) -> StepResult:
    check(False, "the figure is wrong")
    return StepResult("never")


def test_steps_run_in_order_and_stop_at_the_first_failure() -> None:
    console = Console(record=True, width=120)
    outcomes = run_steps([Step("one", passing), Step("two", failing), Step("three", passing)], console)
    assert [(outcome.name, outcome.ok) for outcome in outcomes] == [("one", True), ("two", False)]
    assert "the figure is wrong" in outcomes[1].summary
    print_table(outcomes, console)
    assert "failed" in console.export_text()


def test_check_raises_only_when_it_must() -> None:
    check(True, "fine")
    with pytest.raises(CheckFailedError, match="not fine"):
        check(False, "not fine")
