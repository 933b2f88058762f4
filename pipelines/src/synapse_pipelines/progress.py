"""Progress of a step: told to a callback in-process, and as marked lines on stdout across the processes of a run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final, Literal

_MARK: Final = "@progress "

State = Literal["started", "running", "cached", "done", "failed"]


@dataclass(frozen=True)
class Event:
    """Something a person watching a run wants to know."""

    step: str
    state: State
    message: str = ""
    fraction: float | None = None
    """Share of the step that is done, 0 to 1, where known."""


OnEvent = Callable[[Event], None]


def ignore(_event: Event) -> None:
    """Take an event and do nothing: for callers that watch otherwise."""


def print_event(event: Event) -> None:
    """Print `event` as one line that `parse_event` reads back."""
    # The end of the line in the same write: workers share a pipe, and another's line must not come between.
    print(_MARK + json.dumps(asdict(event)) + "\n", end="", flush=True)


def parse_event(line: str) -> Event | None:
    """Return the event that `print_event` printed as `line`, or None for any other line."""
    _, mark, payload = line.partition(_MARK)
    return Event(**json.loads(payload)) if mark else None
