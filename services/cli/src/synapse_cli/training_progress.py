"""Shows a training run's events to a person: one bar for each step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from synapse_pipelines.progress import Event, OnEvent

_MARKS = {"done": "[green]✓[/green]", "cached": "[green]✓[/green] (cached)", "failed": "[red]✗[/red]"}


@contextmanager
def training_progress(console: Console) -> Iterator[OnEvent]:
    """A live list of steps; the yielded function takes the run's events."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        tasks: dict[str, TaskID] = {}

        def on_event(event: Event) -> None:
            if event.step not in tasks:
                tasks[event.step] = progress.add_task(event.step, total=1.0, start=True)
            task = tasks[event.step]
            mark = _MARKS.get(event.state, "")
            progress.update(task, description=f"{event.step} {mark} {event.message}".strip())
            if event.state in ("done", "cached"):
                progress.update(task, completed=1.0)
            elif event.fraction is not None:
                progress.update(task, completed=event.fraction)

        yield on_event
