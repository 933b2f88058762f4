"""Commands that run the local stack: up, status, down, token."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from synapse_pipelines.workflows import latest_bundle

from synapse_cli.options import DEFAULT_ROOT, Root
from synapse_cli.progress import stack_progress
from synapse_cli.stack import LocalStack, StackConfig, StackError, StackPaths
from synapse_cli.stack.config import DEFAULT_PORTS, free_ports, settings_from_environment

_out = Console()


def up(
    root: Root = DEFAULT_ROOT,
    moderation_bundle: Annotated[
        Path | None, typer.Option(help="Bundle to serve; the registry's candidate when not given.")
    ] = None,
    clustering_bundle: Annotated[
        Path | None, typer.Option(help="Bundle to serve; the registry's candidate when not given.")
    ] = None,
    any_ports: Annotated[bool, typer.Option(help="Take free ports instead of the usual ones.")] = False,
) -> None:
    """Start all services on this machine and leave them running.

    Chat is answered by OpenAI when OPENAI_API_KEY is set, else by a local server that knows a small dialogue corpus.
    Every SYNAPSE_* name in the environment reaches the service it belongs to.
    """
    config = StackConfig(
        paths=StackPaths(root.absolute()),
        moderation_bundle=(moderation_bundle or _candidate("moderation")).absolute(),
        clustering_bundle=(clustering_bundle or _candidate("clustering")).absolute(),
        ports=free_ports() if any_ports else DEFAULT_PORTS,
        openai_api_key=os.environ.get("OPENAI_API_KEY") or None,
        extra=settings_from_environment(),
    )
    with stack_progress("starting") as on_wait:
        LocalStack.start(config, on_wait)
    _print_addresses(config)


def down(root: Root = DEFAULT_ROOT) -> None:
    """Stop the services: each finishes the calls it has, then ends."""
    stack = LocalStack.load(StackPaths(root.absolute()))
    with _out.status("draining"):
        stack.stop()
    _out.print(f"stopped {len(stack.processes)} processes")


def status(root: Root = DEFAULT_ROOT) -> None:
    """Show each process and whether it answers; exits 1 when one does not."""
    stack = LocalStack.load(StackPaths(root.absolute()))
    table = Table("service", "process", "state", "log")
    readiness = [process.readiness() for process in stack.processes]
    for process, state in zip(stack.processes, readiness, strict=True):
        colour = "green" if state == "ready" else "red"
        table.add_row(process.name, str(process.pid), f"[{colour}]{state}[/{colour}]", str(process.log))
    _out.print(table)
    if any(state != "ready" for state in readiness):
        raise typer.Exit(1)


def _candidate(name: str) -> Path:
    bundle = latest_bundle(name)
    if bundle is None:
        raise StackError(f"no trained {name} bundle yet; `make demo` or `synapse train` makes one, or name one by option")
    return bundle


def _print_addresses(config: StackConfig) -> None:
    paths = config.paths
    table = Table("service", "gRPC", "REST", "metrics")
    for spec in config.processes():
        rest = spec.ports.get("rest") or spec.ports.get("http")
        scheme = "http" if "http" in spec.ports else "https"
        table.add_row(
            spec.name,
            config.address(spec.name) if "grpc" in spec.ports else "",
            f"{scheme}://127.0.0.1:{rest}" if rest else "",
            f"http://127.0.0.1:{spec.ports['metrics']}/metrics" if "metrics" in spec.ports else "",
        )
    _out.print(table)
    _out.print(f"authority     {paths.ca}", highlight=False)
    _out.print(f"your token    {paths.token}", highlight=False)
    _out.print(f"mutual TLS    {paths.certificates / 'client.pem'} and client.key beside it", highlight=False)
    _out.print('try           synapse chat "What does Synapse do?"', highlight=False)
