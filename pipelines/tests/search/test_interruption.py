"""Searches that are really killed: what is in the database must do."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState
from synapse_pipelines.recipe import Recipe
from synapse_pipelines.search.data import write_trial_data
from synapse_pipelines.search.optimise import Task, run_trials
from synapse_pipelines.search.study import StudyAddress, is_over, local_database, looks_of, opened_study

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # the SQLite driver leaves warnings of its own behind
]

_SEARCH = """
import json, sys
from pathlib import Path
from synapse_pipelines.search.optimise import Task, run_trials
from synapse_pipelines.search.study import StudyAddress
from synapse_pipelines.recipe import Recipe
address, data, recipe, encoder = sys.argv[1:]
task = Task(StudyAddress.model_validate_json(address), Path(data), Recipe.model_validate_json(recipe), encoder)
run_trials(task, lambda study: None)
"""


@pytest.fixture(scope="module")
def data(search_dataset: Path, searching: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("rows")
    write_trial_data(search_dataset, searching.search, searching.seed, out)
    return out


@pytest.fixture
def postgresql() -> Iterator[str]:
    """The address of a database on a PostgreSQL server of this test's own, where the machine has one."""
    if shutil.which("initdb") is None and not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        pytest.skip("PostgreSQL is not installed")
    found = shutil.which("initdb")
    binaries = Path(found).resolve().parent if found else max(Path("/usr/lib/postgresql").glob("*/bin"))
    # The server refuses to run as root.
    user = "nobody" if os.getuid() == 0 else None
    with tempfile.TemporaryDirectory(dir="/tmp") as scratch:  # a socket's path must be short
        if user is not None:
            shutil.chown(scratch, user)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [str(binaries / "initdb"), "-D", f"{scratch}/data", "-U", "synapse", "-A", "trust", "--no-sync"]
        subprocess.run(command, check=True, capture_output=True, user=user, cwd=scratch)
        command = [str(binaries / "postgres"), "-D", f"{scratch}/data", "-k", scratch, "-p", str(port)]
        server = subprocess.Popen(
            [*command, "-h", "127.0.0.1", "-F"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=user,
            cwd=scratch,
        )
        try:
            deadline = time.monotonic() + 60
            ready = [str(binaries / "pg_isready"), "-h", "127.0.0.1", "-p", str(port)]
            while subprocess.run(ready, check=False, capture_output=True).returncode != 0:
                assert server.poll() is None, "the server ended"
                assert time.monotonic() < deadline
            yield f"postgresql+psycopg://synapse@127.0.0.1:{port}/postgres"
        finally:
            server.terminate()
            server.wait(30)


def search_until(task: Task, enough: Callable[[optuna.Study], bool]) -> None:
    """Search in a process of its own and kill it as soon as the study is `enough`."""
    arguments = (task.address.model_dump_json(), str(task.data), task.recipe.model_dump_json(), task.base_encoder)
    process = subprocess.Popen([sys.executable, "-c", _SEARCH, *arguments])
    try:
        await_study(task, enough, process)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(30)


def await_study(
    task: Task, enough: Callable[[optuna.Study], bool], process: "subprocess.Popen[bytes] | None" = None
) -> None:
    deadline = time.monotonic() + 150
    with opened_study(task.address) as study:
        while not enough(study):
            assert process is None or process.poll() is None, "the search ended before it could be killed"
            assert time.monotonic() < deadline


def check_killed_and_resumed(task: Task) -> None:
    def in_the_second_trial(study: optuna.Study) -> bool:
        trials = study.get_trials()
        return len(trials) > 1 and trials[1].state is TrialState.RUNNING and len(looks_of(trials[1])) > 0

    search_until(task, in_the_second_trial)
    with opened_study(task.address) as study:
        first, second = study.get_trials()
        assert (first.state, second.state) == (TrialState.COMPLETE, TrialState.RUNNING)

    def lost(_: optuna.Study) -> bool:
        with opened_study(task.address) as study:  # opening marks what is lost
            return study.get_trials()[1].state is TrialState.FAIL

    await_study(task, lost)
    run_trials(task, lambda _: None)
    with opened_study(task.address) as study:
        trials = study.get_trials()
    assert trials[0] == first, "a finished trial was touched"
    assert sum(is_over(trial) for trial in trials) == task.recipe.search.trials
    assert not is_over(trials[1])
    assert trials[2].params == second.params, "the settings of the lost trial were not tried again"
    assert is_over(trials[2])


def address(database: str) -> StudyAddress:
    return StudyAddress(database=database, name="killed", heartbeat_s=1, silence_s=3)


def test_a_killed_search_goes_on_to_the_number_of_trials(
    data: Path, searching: Recipe, small_encoder: Path, tmp_path: Path
) -> None:
    recipe = searching.model_copy(update={"epochs": 60})
    check_killed_and_resumed(Task(address(local_database(tmp_path)), data, recipe, str(small_encoder)))


def test_a_study_may_be_kept_in_postgresql(data: Path, searching: Recipe, small_encoder: Path, postgresql: str) -> None:
    recipe = searching.model_copy(update={"epochs": 60})
    check_killed_and_resumed(Task(address(postgresql), data, recipe, str(small_encoder)))


def test_several_workers_share_a_study(data: Path, searching: Recipe, small_encoder: Path, tmp_path: Path) -> None:
    search = searching.search.model_copy(update={"workers": 2, "trials": 4})
    task = Task(
        StudyAddress(database=local_database(tmp_path), name="shared"),
        data,
        searching.model_copy(update={"search": search}),
        str(small_encoder),
    )
    seen: list[int] = []
    run_trials(task, lambda study: seen.append(sum(is_over(trial) for trial in study.get_trials())))
    with opened_study(task.address) as study:
        trials = study.get_trials()
    assert sum(is_over(trial) for trial in trials) == len(trials) == 4
    assert len({trial.params["learning_rate"] for trial in trials}) == 4
    assert seen[-1] == 4
