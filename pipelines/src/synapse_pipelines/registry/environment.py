"""What a run was made by: code, Python, packages, machine."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from typing import Final, Self

from pydantic import BaseModel, ConfigDict

_MAIN_PACKAGES: Final = ("torch", "transformers", "onnxruntime", "scikit-learn", "mlflow")


class Environment(BaseModel):
    """Enough to set the same environment up again: content of ``environment.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    commit: str
    """Commit of the code; ``unknown`` outside of a checkout."""
    changed: bool
    """Whether the checkout had changes that were not committed."""
    python: str
    system: str
    machine: str
    cpus: int
    packages: dict[str, str]
    """Every package that is installed, with its version."""

    @classmethod
    def here(cls, git_commit: str) -> Self:
        """Return the environment of this process.

        Args:
            git_commit: as `synapse_pipelines.workflows.versions.git_commit` gives it: a ``+`` marks changes.
        """
        found = {one.metadata["Name"]: one.version for one in metadata.distributions()}
        return cls(
            commit=git_commit.rstrip("+"),
            changed=git_commit.endswith("+"),
            python=platform.python_version(),
            system=platform.platform(),
            machine=platform.machine(),
            cpus=os.cpu_count() or 1,
            packages=dict(sorted(found.items(), key=lambda item: item[0].lower())),
        )

    @property
    def tags(self) -> dict[str, str]:
        """What to find runs by."""
        main = {f"package.{name}": self.packages[name] for name in _MAIN_PACKAGES if name in self.packages}
        return {
            "git_commit": self.commit,
            "git_changed": str(self.changed).lower(),
            "python": self.python,
            "system": self.system,
            **main,
        }

    @property
    def files(self) -> dict[str, bytes]:
        """The artifacts that describe it: for a reader, and for ``pip install -r``."""
        pins = "".join(f"{name}=={version}\n" for name, version in self.packages.items() if "synapse" not in name)
        return {
            "environment/environment.json": self.model_dump_json(indent=2).encode(),
            "environment/requirements.txt": pins.encode(),
        }
