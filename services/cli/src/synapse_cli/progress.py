"""Progress that a person can follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status


@contextmanager
def stack_progress(verb: str, console: Console | None = None) -> Iterator[Callable[[str, str], None]]:
    """A status line; the yielded function takes a process's name and its readiness."""
    out = console or Console()
    with Status(f"{verb} ...", console=out) as line:

        def on_wait(name: str, readiness: str) -> None:
            line.update(f"{verb} {name}: {readiness}")
            if readiness == "ready":
                out.print(f"  [green]✓[/green] {name}")

        yield on_wait
