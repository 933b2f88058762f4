"""Entry point of the ``synapse`` command."""

from __future__ import annotations

import os
import sys

import grpc
import typer
from rich.console import Console
from synapse_common.errors import SynapseError

from synapse_cli import calls, local, train, tune
from synapse_cli.client import explain
from synapse_cli.demo.command import demo
from synapse_cli.stack import StackError

app = typer.Typer(
    name="synapse",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Synapse, the machine-learning platform behind a chat product, on your machine.\n\n"
    "A first round:  synapse demo  |  synapse up,  synapse chat,  synapse moderate TEXT,  synapse down",
)
_ONE_MACHINE = "One machine"
_CALLS = "Calls to the gateway"
_MODELS = "Models"

app.command(rich_help_panel=_ONE_MACHINE)(demo)
app.command(rich_help_panel=_ONE_MACHINE)(local.up)
app.command(rich_help_panel=_ONE_MACHINE)(local.status)
app.command(rich_help_panel=_ONE_MACHINE)(local.down)
app.command(rich_help_panel=_CALLS)(calls.chat)
app.command(rich_help_panel=_CALLS)(calls.moderate)
app.command(rich_help_panel=_CALLS)(calls.embed)
app.command(rich_help_panel=_CALLS)(calls.rate)
app.command(rich_help_panel=_MODELS)(train.train)
app.command(rich_help_panel=_MODELS)(tune.tune)
app.command(rich_help_panel=_MODELS)(train.recipe)
app.command("compile", rich_help_panel=_MODELS)(train.compile_pipelines)


def main() -> None:
    """Run the command line; expected failures end as one line and status 1."""
    # Some libraries of the pipelines report their use to their makers unless told not to.
    os.environ.setdefault("DO_NOT_TRACK", "1")
    try:
        app()
    except (StackError, SynapseError) as error:
        _fail(str(error))
    except grpc.RpcError as error:
        _fail(explain(error))


def _fail(message: str) -> None:
    Console(stderr=True).print("error:", message, style="red", markup=False, highlight=False)
    sys.exit(1)
