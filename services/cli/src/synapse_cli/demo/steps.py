"""What a step of the demo is, and how a list of them is run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Table


class CheckFailedError(Exception):
    """A step ran, but its result is not what it must be."""


def check(condition: bool, message: str) -> None:
    """Fail the step with `message` unless `condition` holds."""
    if not condition:
        raise CheckFailedError(message)


@dataclass(frozen=True)
class Part:
    """A piece of a step that has a line of its own in the closing table."""

    name: str
    seconds: float
    summary: str


@dataclass
class StepResult:
    """What a step gives to the closing table and to the report."""

    summary: str
    report: dict[str, Any] = field(default_factory=dict)
    parts: Sequence[Part] = ()


@dataclass
class Outcome:
    """One line of the closing table."""

    name: str
    ok: bool
    seconds: float
    summary: str
    report: dict[str, Any]
    parts: Sequence[Part] = ()


class Progress:
    """How a step tells what it is doing: a passing line on a terminal, lasting lines for what is done."""

    def __init__(self, title: str, line: Status, console: Console) -> None:
        self._title = title
        self._line = line
        self._console = console

    def __call__(self, text: str) -> None:
        """Show what is being done; the next call replaces it."""
        self._line.update(f"{self._title}: {text}")

    def done(self, text: str) -> None:
        """Show something that is done, to stay."""
        self._console.print(f"    [green]✓[/green] {text}", highlight=False)


@dataclass(frozen=True)
class Step:
    """A named piece of work. `run` says progress through its argument and raises when something is wrong."""

    name: str
    run: Callable[[Progress], StepResult]


def run_steps(steps: Sequence[Step], console: Console) -> list[Outcome]:
    """Run `steps` in order, stopping at the first that fails; shows each one's progress and result."""
    outcomes: list[Outcome] = []
    for number, step in enumerate(steps, start=1):
        title = f"[{number}/{len(steps)}] {step.name}"
        started = time.monotonic()
        console.print(f"[bold]{title}[/bold]", highlight=False)
        with console.status(title) as line:
            try:
                result, ok = step.run(Progress(title, line, console)), True
            except Exception as error:  # the demo's job is to show whatever went wrong, in the table
                result, ok = StepResult(f"{type(error).__name__}: {error}"), False
        seconds = time.monotonic() - started
        summary = result.summary
        outcomes.append(Outcome(step.name, ok, seconds, summary, result.report, result.parts))
        mark = "[green]✓[/green]" if ok else "[red]✗[/red]"
        console.print(f"{mark} {step.name} [dim]{seconds:.1f} s[/dim]", highlight=False)
        console.print(f"    {summary}", markup=False, highlight=False)
        if not ok:
            break
    return outcomes


def print_table(outcomes: Sequence[Outcome], console: Console) -> None:
    """The closing table."""
    table = Table("step", "", "seconds", "result", title="Synapse on one machine")
    for outcome in outcomes:
        mark = "[green]ok[/green]" if outcome.ok else "[red]failed[/red]"
        table.add_row(outcome.name, mark, f"{outcome.seconds:.1f}", escape(outcome.summary.splitlines()[0]))
        for part in outcome.parts:
            table.add_row(f"  {part.name}", "[green]ok[/green]", f"{part.seconds:.1f}", escape(part.summary))
    console.print(table)
