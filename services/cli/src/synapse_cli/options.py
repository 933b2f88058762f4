"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from synapse_cli.client import Connection
from synapse_cli.stack import StackPaths

DEFAULT_ROOT = Path("build/run")

Root = Annotated[Path, typer.Option("--root", help="Folder of the local stack's files.", envvar="SYNAPSE_STACK_ROOT")]
Address = Annotated[
    str | None,
    typer.Option(help="host:port of a gateway; the local stack's when not given.", envvar="SYNAPSE_ADDRESS"),
]
Ca = Annotated[
    Path | None, typer.Option(help="PEM file of the authority to trust, with --address.", envvar="SYNAPSE_CA")
]
Token = Annotated[str | None, typer.Option(help="Bearer token, with --address.", envvar="SYNAPSE_TOKEN")]


def connection(root: Path, address: str | None, ca: Path | None, token: str | None) -> Connection:
    """Where to call: the options when an address is given, else the local stack.

    Raises:
        typer.BadParameter: an address without what it takes to be let in.
        StackError: no local stack was started.
    """
    if address is None:
        return Connection.to_local_stack(StackPaths(root))
    if ca is None or token is None:
        raise typer.BadParameter("--address also needs --ca and --token")
    return Connection(address, ca, token)
