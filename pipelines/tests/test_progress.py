import pytest
from synapse_pipelines.progress import Event, parse_event, print_event


def test_an_event_survives_the_way_through_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    event = Event("train", "running", 'loss 0.3, "é"', 0.5)
    print_event(event)
    line = capsys.readouterr().out
    assert parse_event("    " + line) == event


def test_other_lines_are_no_events() -> None:
    assert parse_event("Task 'train' finished") is None
