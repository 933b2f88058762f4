import io
from pathlib import Path

import pytest
from synapse_pipelines.errors import PipelineError
from synapse_pipelines.progress import Event, ignore
from synapse_pipelines.workflows.run_local import _Watcher, run_pipeline


def watch(text: str) -> tuple[list[Event], str, str | None]:
    events: list[Event] = []
    log = io.StringIO()
    watcher = _Watcher(log, events.append)
    for piece in (text[:17], text[17:]):  # lines come in pieces
        watcher.write(piece)
    return events, log.getvalue(), watcher.last_error


def test_what_the_runner_prints_becomes_events_and_a_plain_log() -> None:
    events, log, _ = watch(
        "12:00:00.000 - INFO - Executing task \x1b[96m'train'\x1b[0m\n"
        '    @progress {"step": "train", "state": "running", "message": "m", "fraction": 0.5}\n'
        "12:00:01.000 - INFO - Task \x1b[96m'train'\x1b[0m finished with status \x1b[92mSUCCESS\x1b[0m\n"
        "12:00:01.000 - INFO - Task evaluate cache hit (key=abc); reusing outputs\n"
    )
    assert [(event.step, event.state) for event in events] == [
        ("train", "started"),
        ("train", "running"),
        ("train", "done"),
        ("evaluate", "cached"),
    ]
    assert "\x1b" not in log


def test_an_argument_that_the_runner_would_garble_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="cannot pass on"):
        run_pipeline(lambda: None, {"data_dir": "/opt/python3.11/data"}, build_dir=tmp_path, on_event=ignore)


def test_the_last_error_of_a_step_is_kept() -> None:
    _, _, error = watch("    Traceback\n    synapse_pipelines.errors.DataError: it has no rows\n    more\n")
    assert error == "it has no rows"
