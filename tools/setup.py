"""Make .venv and install Synapse into it; `make` calls this before anything else. Needs only Python 3.11.

Runs again only when what it installs has changed. pip's own settings (index, find-links, certificates) are passed on to
uv, which does the work because it is several times faster.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV_VERSION = "0.13.9"
CONSTRAINTS = ROOT / "constraints.txt"


def packages() -> list[Path]:
    """Folders of our own packages."""
    return [
        file.parent for file in [*sorted(ROOT.glob("services/*/pyproject.toml")), ROOT / "pipelines/pyproject.toml"]
    ]


def fingerprint(kind: str) -> str:
    """Changes when the installation must be made again."""
    digest = hashlib.sha256(f"{sys.version} {kind} {ROOT}".encode())
    for file in [Path(__file__), CONSTRAINTS, ROOT / "pyproject.toml", *(p / "pyproject.toml" for p in packages())]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def pip_settings() -> dict[str, str]:
    """Pip's effective settings (files and environment), the later source winning."""
    listing = subprocess.run(
        [str(PYTHON), "-m", "pip", "config", "list"], check=True, capture_output=True, text=True
    ).stdout
    settings = {}
    for line in listing.splitlines():
        name, _, value = line.partition("=")
        settings[name.rsplit(".", 1)[-1]] = str(ast.literal_eval(value))
    return settings


def uv_environment() -> dict[str, str]:
    """This process's environment with pip's settings in uv's names; what is set for uv already stays."""
    settings = pip_settings()
    environment = dict(os.environ)
    names = {"index-url": "UV_DEFAULT_INDEX", "find-links": "UV_FIND_LINKS", "cert": "SSL_CERT_FILE"}
    for pip_name, uv_name in names.items():
        if value := settings.get(pip_name):
            environment.setdefault(uv_name, " ".join(value.split()))
    environment.setdefault("UV_HTTP_TIMEOUT", "180")
    return environment


def offers_torch(find_links: str) -> bool:
    """Whether a folder of find-links holds a PyTorch wheel, which then is the one to take."""
    folders = (Path(item) for item in find_links.replace(",", " ").split() if "://" not in item)
    return any(True for folder in folders if folder.is_dir() for _ in folder.glob("torch-*.whl"))


def reaches_cpu_torch(environment: dict[str, str]) -> bool:
    """Whether PyTorch's index of CPU builds can be reached; nothing is installed to find out."""
    command = [
        str(VENV / "bin" / "uv"),
        "pip",
        "install",
        "--python",
        str(PYTHON),
        "--dry-run",
        "--torch-backend",
        "cpu",
    ]
    found = subprocess.run(
        [*command, "torch", "-c", str(CONSTRAINTS)], env=environment, capture_output=True, check=False
    )
    if found.returncode:
        print("setup: PyTorch's CPU builds cannot be reached; taking the registry's default build", flush=True)
    return found.returncode == 0


def install(dev: bool, llm: bool) -> None:
    """Install everything; prefers PyTorch's CPU build, which is a tenth of the size of the default one on Linux."""
    environment = uv_environment()
    command = [str(VENV / "bin" / "uv"), "pip", "install", "--python", str(PYTHON), "-c", str(CONSTRAINTS)]
    for folder in packages():
        command += ["-e", f"{folder}[llm]" if llm and folder.name == "local_upstream" else str(folder)]
    if dev:
        command += ["--group", f"{ROOT / 'pyproject.toml'}:dev"]
    if not offers_torch(environment.get("UV_FIND_LINKS", "")) and reaches_cpu_torch(environment):
        command += ["--torch-backend", "cpu"]
    subprocess.run(command, env=environment, check=True)


def main() -> int:
    """Entry point; returns the process's exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="also install what tests and checks need")
    parser.add_argument("--llm", action="store_true", help="also install a small language model")
    arguments = parser.parse_args()
    if sys.version_info < (3, 11):  # noqa: UP036  (this script is what meets an older Python)
        print(f"setup: Synapse needs Python 3.11 or later, this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    kind = "-".join(name for name in ("dev", "llm") if getattr(arguments, name)) or "run"
    stamp = VENV / f".setup-{kind}"
    wanted = fingerprint(kind)
    if stamp.is_file() and stamp.read_text() == wanted:
        return 0
    print(f"setup: installing into {VENV.relative_to(ROOT)} (about a minute the first time)", flush=True)
    if not PYTHON.exists():
        venv.create(VENV, with_pip=True)
    subprocess.run([str(PYTHON), "-m", "pip", "install", "-q", f"uv=={UV_VERSION}"], check=True)
    try:
        install(arguments.dev, arguments.llm)
    except subprocess.CalledProcessError as error:
        print("setup: the installation failed; uv's message above says why. Then run it again.", file=sys.stderr)
        return error.returncode
    stamp.write_text(wanted)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
