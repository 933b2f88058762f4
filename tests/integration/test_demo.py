"""``synapse demo`` in an empty folder, as after a clone: every step, with a training of seconds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from synapse_cli.local import RELEASED_MODEL

pytestmark = pytest.mark.integration

_SMALL = {"SYNAPSE_TRAINING_PRESET": "tiny", "SYNAPSE_TRAINING_GENERATED_ANNOTATIONS": "1500"}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with nothing in it but the model that comes with the code."""
    folder = tmp_path / "clone"
    (folder / "models").mkdir(parents=True)
    (folder / RELEASED_MODEL).symlink_to(RELEASED_MODEL.absolute(), target_is_directory=True)
    return folder


def test_the_demo_goes_through_all_its_steps_and_leaves_its_report(clone: Path) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("SYNAPSE_")}
    ended = subprocess.run(
        [sys.executable, "-m", "synapse_cli", "demo"],
        cwd=clone,
        env=own | _SMALL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]
    for step in ("[1/7] moderation model", "[2/7] user clusters", "[7/7] drain"):
        assert step in ended.stdout
    report = (clone / "build" / "demo" / "report.html").read_text(encoding="utf-8")
    assert "guarded chat" in report
