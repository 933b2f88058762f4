"""Regenerate the Python stubs from protos/ (or, with --check, fail when the committed ones differ).

Output: services/common/src/synapse/{v1,oip}/*_pb2.py, *_pb2_grpc.py and their type stubs.
"""

from __future__ import annotations

import argparse
import filecmp
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
TARGET = ROOT / "services" / "common" / "src"


def generate(out: Path) -> None:
    """Run protoc for every contract into `out`; raises CalledProcessError when a contract does not compile."""
    bin_dir = Path(sys.executable).parent
    files = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto"))
    command = [
        sys.executable,
        "-m",
        "grpc_tools.protoc",
        f"--proto_path={PROTOS}",
        f"--plugin=protoc-gen-mypy={bin_dir / 'protoc-gen-mypy'}",
        f"--plugin=protoc-gen-mypy_grpc={bin_dir / 'protoc-gen-mypy_grpc'}",
        f"--python_out={out}",
        f"--grpc_python_out={out}",
        f"--mypy_out={out}",
        f"--mypy_grpc_out={out}",
        *files,
    ]
    subprocess.run(command, check=True)
    for package in (out / "synapse", out / "synapse" / "v1", out / "synapse" / "oip"):
        (package / "__init__.py").write_text('"""Generated from protos/ by `make gen`; do not edit."""\n')
    (out / "synapse" / "py.typed").touch()


def differences(fresh: Path) -> list[str]:
    """Relative paths of stubs that are missing, stale or left over in the checkout."""
    names = {str(p.relative_to(fresh)) for p in fresh.rglob("*") if p.is_file()}
    present = {
        str(p.relative_to(TARGET))
        for p in (TARGET / "synapse").rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }
    changed = {n for n in names & present if not filecmp.cmp(fresh / n, TARGET / n, shallow=False)}
    return sorted(changed | (names ^ present))


def main() -> int:
    """Entry point; returns the process's exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the stubs are stale")
    if parser.parse_args().check:
        with tempfile.TemporaryDirectory() as folder:
            generate(Path(folder))
            stale = differences(Path(folder))
        if stale:
            print("stale stubs, run `make gen` and commit:", *stale, sep="\n  ", file=sys.stderr)
        return 1 if stale else 0
    generate(TARGET)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
