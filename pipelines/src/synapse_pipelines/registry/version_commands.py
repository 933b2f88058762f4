"""Versions by hand: ``python -m synapse_pipelines.registry.version_commands push|pull|track ...``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from synapse_common.errors import NotFound, SynapseError

from synapse_pipelines.registry.models import CANDIDATE, find
from synapse_pipelines.registry.register import POINTERS
from synapse_pipelines.registry.tracking import Tracker, local_tracking_uri
from synapse_pipelines.registry.version_store import VersionStore, local_version_remote
from synapse_pipelines.settings import TrainingSettings, load_training_settings


def track(store: VersionStore, model: str, alias: str, tracking_uri: str) -> list[str]:
    """Write the pointers that the run of a registered model keeps into the store's project; return their versions.

    The content is in the remote since the model was registered.

    Raises:
        NotFound: the registry has no such model or alias, or its run kept no pointers.
    """
    found = find(model, alias, tracking_uri)
    client = Tracker(tracking_uri).client
    with tempfile.TemporaryDirectory() as scratch:
        names = [item.path for item in client.list_artifacts(found.run_id, POINTERS)]
        if not names:
            raise NotFound(f"the run of {model} {found.bundle_version} kept no pointers; register the model again")
        folder = Path(client.download_artifacts(found.run_id, POINTERS, scratch))
        versions = sorted(file.relative_to(folder).as_posix().removesuffix(".dvc") for file in folder.glob("*/*.dvc"))
        for version in versions:
            pointer = store.pointer(version)
            pointer.parent.mkdir(parents=True, exist_ok=True)
            pointer.write_bytes((folder / f"{version}.dvc").read_bytes())
    return versions


def main(arguments: Sequence[str], settings: TrainingSettings) -> int:
    """Do what `arguments` ask for; return the process's exit status."""
    parser = argparse.ArgumentParser(prog="version_commands", description=__doc__)
    parser.add_argument("--project", type=Path, default=Path(), help="folder whose versions/ holds the pointers")
    commands = parser.add_subparsers(dest="command", required=True)
    push = commands.add_parser("push", help="copy a folder to the remote and leave a pointer to it")
    push.add_argument("version", help="<name>/<version>")
    push.add_argument("folder", type=Path)
    pull = commands.add_parser("pull", help="fetch what a pointer points to")
    pull.add_argument("version", help="<name>/<version>")
    pointers = commands.add_parser("track", help="write the pointers of a registered model and its data")
    pointers.add_argument("--model", default=settings.model_name)
    pointers.add_argument("--alias", default=CANDIDATE)
    told = parser.parse_args(arguments)
    store = VersionStore(told.project, settings.version_remote or local_version_remote(settings.build_dir))
    try:
        if told.command == "push":
            done = [store.push({told.version: told.folder})[told.version]]
        elif told.command == "pull":
            done = [store.pull(told.version)]
        else:
            uri = settings.tracking_uri or local_tracking_uri(settings.build_dir)
            done = [store.pointer(version) for version in track(store, told.model, told.alias, uri)]
    except SynapseError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for path in done:
        print(path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:], load_training_settings()))
