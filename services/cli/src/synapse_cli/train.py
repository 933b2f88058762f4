"""Commands about models: train, compile."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

_out = Console()

Preset = Annotated[
    Literal["demo", "full"], typer.Option(help="demo: a sample, minutes on two cores; full: all data there is.")
]
