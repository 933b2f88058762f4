import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from synapse_common.testing import eventually
from synapse_pipelines.workflows.interruption import step_ends_with_us

# A step that says when it is asked to end, and a run that waits for it.
STEP = """
import signal, sys
from pathlib import Path
def end(*_):
    Path(sys.argv[1], "asked").touch()
    raise SystemExit
signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGINT, signal.SIG_IGN)
Path(sys.argv[1], "running").touch()
signal.pause()
"""
# As Kubeflow's runner of local steps does it: the output is read line by line, and closed before the wait.
RUN = """
import subprocess, sys
from synapse_pipelines.workflows.interruption import step_ends_with_us
with step_ends_with_us(), subprocess.Popen([sys.executable, "-c", *sys.argv[1:]], stdout=subprocess.PIPE) as step:
    for line in step.stdout:
        pass
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_ended_asks_its_step_to_end_and_waits_for_it(number: signal.Signals, tmp_path: Path) -> None:
    run = subprocess.Popen([sys.executable, "-c", RUN, STEP, str(tmp_path)], stderr=subprocess.DEVNULL)
    try:
        eventually((tmp_path / "running").exists)
        os.kill(run.pid, number)
        assert run.wait(30) != 0
        assert (tmp_path / "asked").exists()
    finally:
        run.kill()
        run.wait()


def test_a_block_that_ends_by_itself_leaves_signals_and_processes_alone() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        with pytest.raises(ValueError, match="of its own"), step_ends_with_us():
            raise ValueError("of its own")
        assert signal.getsignal(signal.SIGTERM) == before
        assert other.poll() is None


def test_what_ran_before_is_not_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        with pytest.raises(SystemExit), step_ends_with_us():
            os.kill(os.getpid(), signal.SIGTERM)
        assert other.poll() is None
