"""What a step of the demo is, and how a list of them is run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table


class CheckFailedError(Exception):
    """A step ran, but its result is not what it must be."""


def check(condition: bool, message: str) -> None:
    """Fail the step with `message` unless `condition` holds."""
    if not condition:
        raise CheckFailedError(message)


@dataclass
class StepResult:
    """What a step gives to the closing table and to the report."""

    summary: str
    report: dict[str, Any] = field(default_factory=dict)


@dataclass
class Outcome:
    """One line of the closing table."""

    name: str
    ok: bool
    seconds: float
    summary: str
    report: dict[str, Any]


@dataclass(frozen=True)
class Step:
    """A named piece of work. `run` says progress through its argument and raises when something is wrong."""

    name: str
    run: Callable[[Callable[[str], None]], StepResult]


def run_steps(steps: Sequence[Step], console: Console) -> list[Outcome]:
    """Run `steps` in order, stopping at the first that fails; shows each one's progress and result."""
    outcomes: list[Outcome] = []
    for number, step in enumerate(steps, start=1):
        title = f"[{number}/{len(steps)}] {step.name}"
        started = time.monotonic()
        with console.status(title) as line:

            def on_progress(text: str, title: str = title) -> None:
                line.update(f"{title}: {text}")

            try:
                result = step.run(on_progress)
                ok, summary, report = True, result.summary, result.report
            except Exception as error:  # the demo's job is to show whatever went wrong, in the table
                ok, summary, report = False, f"{type(error).__name__}: {error}", {}
        seconds = time.monotonic() - started
        outcomes.append(Outcome(step.name, ok, seconds, summary, report))
        mark = "[green]✓[/green]" if ok else "[red]✗[/red]"
        console.print(f"{mark} {title} [dim]{seconds:.1f} s[/dim]", highlight=False)
        console.print(f"    {summary}", markup=False, highlight=False)
        if not ok:
            break
    return outcomes


def print_table(outcomes: Sequence[Outcome], console: Console) -> None:
    """The closing table."""
    table = Table("step", "", "seconds", "result", title="Synapse on one machine")
    for outcome in outcomes:
        mark = "[green]ok[/green]" if outcome.ok else "[red]failed[/red]"
        table.add_row(outcome.name, mark, f"{outcome.seconds:.1f}", outcome.summary.splitlines()[0])
    console.print(table)
