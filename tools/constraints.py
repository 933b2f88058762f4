"""Write constraints.txt: one version of everything, resolved together for all packages and the development tools."""

from __future__ import annotations

import subprocess
import sys
import tomllib

from tools.setup import CONSTRAINTS, ROOT, VENV, packages, uv_environment

HEADER = "# Written by `make constraints`: one version of everything for all packages. Do not edit.\n"


def requirements() -> list[str]:
    """Third-party requirements of every package and of the dev group."""
    found: set[str] = set()
    for folder in packages():
        project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
        found.update(project["dependencies"])
        for extra in project.get("optional-dependencies", {}).values():
            found.update(extra)
    found.update(tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["dev"])
    return sorted(item for item in found if not item.startswith("synapse-"))


def main() -> int:
    """Entry point; keeps present pins where they still fit."""
    command = [str(VENV / "bin" / "uv"), "pip", "compile", "-", "--python-version", "3.11", "--no-header"]
    command += ["--no-annotate", "--quiet", "--upgrade"] if "--upgrade" in sys.argv else ["--no-annotate", "--quiet"]
    if CONSTRAINTS.exists() and "--upgrade" not in sys.argv:
        command += ["-c", str(CONSTRAINTS)]
    wanted = "\n".join(requirements())
    result = subprocess.run(command, input=wanted, env=uv_environment(), text=True, capture_output=True, check=False)
    if result.returncode:
        print(result.stderr, file=sys.stderr)
        return result.returncode
    # A local version (+cpu) names one machine's build; the public version admits every build of it.
    lines = [line.split("+")[0] for line in result.stdout.splitlines() if line and not line.startswith("#")]
    CONSTRAINTS.write_text(HEADER + "\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
