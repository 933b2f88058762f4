"""Commands that run the local stack: up, status, down."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table
from synapse_common.bundle import BundleKind
from synapse_common.errors import NotFound

from synapse_cli.options import DEFAULT_ROOT, Root
from synapse_cli.progress import stack_progress
from synapse_cli.stack import LocalStack, StackConfig, StackError, StackPaths
from synapse_cli.stack.config import DEFAULT_PORTS, free_ports, settings_from_environment
from synapse_cli.train import train

RELEASED_MODEL: Final = Path("models/moderation")
"""The model that comes with the code, seen from the root of the repository."""

_out = Console()


def up(
    root: Root = DEFAULT_ROOT,
    moderation_bundle: Annotated[
        Path | None,
        typer.Option(
            help="Bundle to serve; when not given the one in models/moderation, else the registry's candidate."
        ),
    ] = None,
    candidate: Annotated[
        bool, typer.Option("--candidate", help="Moderate by the registry's candidate, your last training.")
    ] = False,
    clustering_bundle: Annotated[
        Path | None, typer.Option(help="Bundle to serve; the registry's candidate when not given.")
    ] = None,
    any_ports: Annotated[bool, typer.Option(help="Take free ports instead of the usual ones.")] = False,
    train_if_missing: Annotated[bool, typer.Option(help="Train quick models first when there are none.")] = False,
    llm: Annotated[
        bool, typer.Option("--llm", help="Answer chats by a small language model here (`make setup-llm` installs it).")
    ] = False,
) -> None:
    """Start all services on this machine and leave them running.

    Chat is answered by OpenAI when OPENAI_API_KEY is set, else by a local server that knows a small dialogue corpus;
    with --llm by a small language model on this machine instead.
    Every SYNAPSE_* name in the environment reaches the service it belongs to.
    """
    if moderation_bundle is None:
        released = RELEASED_MODEL.is_dir() and not candidate
        moderation_bundle = RELEASED_MODEL if released else _candidate("moderation", train_if_missing)
    config = StackConfig(
        paths=StackPaths(root.absolute()),
        moderation_bundle=moderation_bundle.absolute(),
        clustering_bundle=(clustering_bundle or _candidate("clustering", train_if_missing)).absolute(),
        ports=free_ports() if any_ports else DEFAULT_PORTS,
        openai_api_key=os.environ.get("OPENAI_API_KEY") or None,
        llm=llm,
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


def _candidate(kind: BundleKind, train_if_missing: bool) -> Path:
    """Fetch the registry's candidate.

    Raises:
        StackError: there is none, and none may be trained.
    """
    # The registry's library takes seconds to import; the other commands should not wait for it.
    from synapse_pipelines.registry.models import CANDIDATE, fetch_bundle
    from synapse_pipelines.registry.tracking import local_tracking_uri
    from synapse_pipelines.run import CLUSTERS_NAME, run_clustering
    from synapse_pipelines.settings import load_training_settings

    from synapse_cli.training_progress import training_progress

    settings = load_training_settings()
    name = settings.model_name if kind == "moderation" else CLUSTERS_NAME
    uri = settings.tracking_uri or local_tracking_uri(settings.build_dir)
    target = settings.build_dir / "bundles" / name
    try:
        return fetch_bundle(name, CANDIDATE, kind=kind, tracking_uri=uri, target=target).path
    except NotFound:
        if not train_if_missing:
            raise StackError(
                f"no {kind} bundle is registered yet; `make demo` or `make train` makes one, or name one by option"
            ) from None
    if kind == "clustering":
        _out.print("No user clusters are registered yet; making some from the chat logs first (seconds).")
        with training_progress(_out) as on_event:
            run_clustering(settings, on_event)
    else:
        _out.print("No moderation bundle is registered yet; training a quick model first (some minutes).")
        train(preset="demo", data=None)
    return fetch_bundle(name, CANDIDATE, kind=kind, tracking_uri=uri, target=target).path


def _print_addresses(config: StackConfig) -> None:
    paths = config.paths
    table = Table("service")
    for title in ("gRPC", "REST", "metrics"):
        table.add_column(title, overflow="fold")  # an address that is cut off is of no use
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
    _out.print(f'try           {sys.argv[0]} chat "What does Synapse do?"', highlight=False)
