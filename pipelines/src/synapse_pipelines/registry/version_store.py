"""DVC: folders as versions in a remote (a folder or S3), each with a pointer of a few lines that git or a run keeps.

A version is called ``<name>/<version>``, such as ``moderation/0a1b2c3d4e5f``. In a project its files are the folder
``versions/<name>/<version>`` and its pointer the file ``versions/<name>/<version>.dvc`` beside it; anybody with DVC can
take the same pointer and ``dvc pull`` it. DVC runs as the program it is: its Python modules promise no stability.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from synapse_common.errors import InvalidInput
from synapse_common.settings import load_settings

from synapse_pipelines.data.storage import S3Settings, is_remote
from synapse_pipelines.errors import PipelineError

_VERSION: Final = re.compile(r"[a-z0-9][\w.-]*/[\w.-]+", re.ASCII)
_REMOTE: Final = "synapse"


def local_version_remote(build_dir: Path) -> str:
    """Return the embedded remote: a folder under `build_dir`."""
    return str(build_dir.resolve() / "dvc" / "remote")


@dataclass(frozen=True)
class VersionStore:
    """Versions in a DVC `remote`, with their pointers in the folder `project`."""

    project: Path
    remote: str
    """A folder, or an ``s3://`` address; how to reach it, ``SYNAPSE_S3_*`` says."""

    @classmethod
    @contextmanager
    def scratch(cls, remote: str) -> Iterator[VersionStore]:
        """Yield a store whose project is gone afterwards: for a step that hands its pointers on."""
        with tempfile.TemporaryDirectory() as folder:
            yield cls(Path(folder), remote)

    def push(self, folders: Mapping[str, Path]) -> dict[str, Path]:
        """Copy `folders`, by the version they become, to the remote; return their pointers by version.

        A version that the remote has is not sent again: content is addressed by its hash, file by file.

        Raises:
            InvalidInput: a version is not called ``<name>/<version>``.
            PipelineError: DVC failed, for example because it cannot reach the remote.
        """
        for version, source in folders.items():
            target = self._folder(version)
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target)
        pointers = {version: self.pointer(version) for version in folders}
        with self._dvc() as dvc:
            dvc("add", "--quiet", *(str(self._folder(version)) for version in folders))
            dvc("push", "--quiet", "--remote", _REMOTE, *map(str, pointers.values()))
        return pointers

    def pull(self, version: str) -> Path:
        """Return the folder of `version`, fetched from the remote where it is not here; its pointer must be.

        Raises:
            InvalidInput: the version is not called ``<name>/<version>``, or there is no pointer to it.
            PipelineError: DVC failed, for example because the remote does not have it.
        """
        pointer = self.pointer(version)
        if not pointer.is_file():
            raise InvalidInput(f"there is no {pointer}; known versions: {', '.join(self.known()) or 'none'}")
        with self._dvc() as dvc:
            dvc("pull", "--quiet", "--force", "--remote", _REMOTE, str(pointer))
        return self._folder(version)

    def pointer(self, version: str) -> Path:
        """Return where the pointer of `version` is, or will be."""
        folder = self._folder(version)
        return folder.with_name(f"{folder.name}.dvc")

    def known(self) -> list[str]:
        """Return the versions that have a pointer in the project."""
        root = self.project / "versions"
        return sorted(file.relative_to(root).as_posix().removesuffix(".dvc") for file in root.glob("*/*.dvc"))

    def _folder(self, version: str) -> Path:
        if not _VERSION.fullmatch(version):
            raise InvalidInput(f"a version is called <name>/<version>, not {version!r}", field="version")
        return self.project.resolve() / "versions" / version

    @contextmanager
    def _dvc(self) -> Iterator[_Dvc]:
        """Yield a function that runs DVC in the project; the project is made where there is none.

        The remote is named in a configuration of this call alone, so that no file keeps an address or a secret.
        """
        with tempfile.TemporaryDirectory() as scratch:
            url = self.remote if is_remote(self.remote) else str(Path(self.remote).resolve())
            config = (
                f"[core]\n    analytics = false\n    check_update = false\n['remote \"{_REMOTE}\"']\n    url = {url}\n"
            )
            (Path(scratch) / "config").write_text(config, encoding="utf-8")
            own = self.project / ".dvc" / "config"
            if not own.is_file():
                own.parent.mkdir(parents=True, exist_ok=True)
                own.write_text("[core]\n    no_scm = True\n", encoding="utf-8")  # what `dvc init --no-scm` leaves
            yield _Dvc(self.project, _environment(Path(scratch)))


@dataclass(frozen=True)
class _Dvc:
    project: Path
    environment: dict[str, str]

    def __call__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "dvc", *arguments]
        done = subprocess.run(
            command, cwd=self.project, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
            raise PipelineError(f"dvc {arguments[0]} failed: {' '.join(lines)}")


def _environment(scratch: Path) -> dict[str, str]:
    s3 = load_settings(S3Settings)
    told = {
        "AWS_ENDPOINT_URL": s3.endpoint,
        "AWS_DEFAULT_REGION": s3.region,
        "AWS_ACCESS_KEY_ID": s3.access_key_id,
        "AWS_SECRET_ACCESS_KEY": s3.secret,
        "AWS_SESSION_TOKEN": s3.token,
    }
    own = {"DVC_GLOBAL_CONFIG_DIR": str(scratch), "DVC_SITE_CACHE_DIR": str(scratch / "site"), "DVC_NO_ANALYTICS": "1"}
    return os.environ | own | {name: value for name, value in told.items() if value}
