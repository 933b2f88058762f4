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
    """Entry point; keeps present pins where they still fit, unless --upgrade is given."""
    command = [str(VENV / "bin" / "uv"), "pip", "compile", "-", "--python-version", "3.11"]
    command += ["--no-header", "--no-annotate", "--quiet", "--output-file", str(CONSTRAINTS)]
    command += ["--upgrade"] if "--upgrade" in sys.argv else []
    wanted = "\n".join(requirements())
    result = subprocess.run(command, input=wanted, env=uv_environment(), text=True, check=False)
    if result.returncode:
        return result.returncode
    # A local version (+cpu) names one machine's build; the public version admits every build of it.
    pins = [line.split("+")[0] for line in CONSTRAINTS.read_text().splitlines() if line and not line.startswith("#")]
    CONSTRAINTS.write_text(HEADER + "\n".join(pins) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
