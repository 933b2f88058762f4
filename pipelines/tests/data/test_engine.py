import os
import subprocess
import sys

import pytest
from synapse_common.errors import ConfigurationError
from synapse_pipelines.data.engine import explained, start_engine
from synapse_pipelines.errors import DataError


def run(code: str, **environment: str) -> str:
    """Run `code` in a process of its own, since the runner is chosen once in a process; return what it prints."""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_runner_is_native_and_daft_does_not_call_home() -> None:
    code = (
        "from synapse_pipelines.data.engine import start_engine\n"
        "from daft.scarf_telemetry import opted_out\n"
        "import daft\n"
        "start_engine(); daft.range(3).collect()\n"
        "print(daft.get_or_infer_runner_type(), opted_out())"
    )
    assert run(code) == "native True"


def test_ray_that_cannot_be_used_says_what_to_do() -> None:
    code = (
        "from synapse_pipelines.data.engine import start_engine\n"
        "try:\n    start_engine()\n"
        "except Exception as error:\n    print(type(error).__name__, error)"
    )
    message = run(code, SYNAPSE_DAFT_RUNNER="ray", SYNAPSE_DAFT_RAY_ADDRESS="nonsense://x")
    assert message.startswith("DataError SYNAPSE_DAFT_RUNNER is ray, but Ray cannot be used")
    assert "SYNAPSE_DAFT_RAY_ADDRESS" in message


def test_an_unknown_runner_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPSE_DAFT_RUNNER", "spark")
    start_engine.cache_clear()
    with pytest.raises(ConfigurationError, match="SYNAPSE_DAFT_RUNNER"):
        start_engine()


def test_errors_say_what_could_not_be_done_and_the_last_cause() -> None:
    with pytest.raises(DataError, match=r"^cannot read it: No space: disk is full$"), explained("read it"):
        raise OSError("No space\n\nCaused by the following errors:\n  1: disk is full")
    with pytest.raises(DataError, match=r"^cannot read it: gone$"), explained("read it"):
        raise FileNotFoundError("gone")
