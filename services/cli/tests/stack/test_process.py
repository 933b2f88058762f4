from __future__ import annotations

from pathlib import Path

import pytest
from synapse_cli.stack.config import ProcessSpec
from synapse_cli.stack.process import ProcessFailedError, RunningProcess, start


def test_a_process_that_ends_while_starting_is_told_with_its_log(tmp_path: Path) -> None:
    """The moderation predictor without its settings ends at once and says which are missing."""
    process = start(ProcessSpec("moderation", {"metrics": 1}, {}), tmp_path)
    with pytest.raises(ProcessFailedError, match=r"SYNAPSE_MODERATION_BUNDLE: Field required"):
        process.wait_ready(60, lambda *_: None)
    assert not process.alive
    assert process.readiness() == "not running"


def test_a_process_number_that_was_given_to_another_process_is_not_ours(tmp_path: Path) -> None:
    import os

    stranger = RunningProcess("gateway", os.getpid(), created=1.0, ready_url="http://127.0.0.1:1/", log=tmp_path / "l")
    assert not stranger.alive
    stranger.terminate()
    stranger.kill()
