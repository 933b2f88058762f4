import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from synapse_common.errors import ConfigurationError, Unavailable
from synapse_gateway.feedback.journal import Journal


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    return tmp_path / "deep" / "feedback.jsonl"


def test_lines_are_there_and_stay_when_it_opens_again(path: Path) -> None:
    journal = Journal(path)
    journal.append([b"one", b"two"])
    journal.append([b"three"])
    assert path.read_bytes() == b"one\ntwo\nthree\n"
    journal.close()
    journal = Journal(path)
    journal.append([b"four"])
    journal.close()
    assert path.read_bytes() == b"one\ntwo\nthree\nfour\n"


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        (b"one\ntwo\nthr", b"one\ntwo\n"),
        (b"torn", b""),
        (b"", b""),
        (b"whole\n", b"whole\n"),
        (b"one\n" + b"x" * 200_000, b"one\n"),
        (b"x" * 65_535 + b"\n" + b"y" * 65_536, b"x" * 65_535 + b"\n"),
    ],
)
def test_a_line_that_a_crash_tore_is_removed(path: Path, found: bytes, kept: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(found)
    journal = Journal(path)
    assert path.read_bytes() == kept
    journal.append([b"next"])
    journal.close()
    assert path.read_bytes() == kept + b"next\n"


def test_what_was_appended_survives_a_kill(path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from synapse_gateway.feedback.journal import Journal\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "for number in range(10**9):\n"
        "    journal.append([b'line %d' % number]); print(number, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while int(process.stdout.readline()) < 20:
            pass
        process.send_signal(signal.SIGKILL)
        acknowledged = [int(number) for number in process.stdout.read().split()]
    Journal(path).close()
    lines = path.read_bytes().splitlines()
    assert len(lines) >= max(acknowledged, default=20) + 1
    assert lines == [b"line %d" % number for number in range(len(lines))]


def test_one_process_at_a_time(path: Path) -> None:
    journal = Journal(path)
    with pytest.raises(Unavailable, match="another process"):
        Journal(path)
    journal.close()
    Journal(path).close()


def test_a_disk_that_fails_leaves_no_trace(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(path)
    journal.append([b"one"])

    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, "as ordered")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="as ordered"):
        journal.append([b"two"])
    monkeypatch.undo()
    assert path.read_bytes() == b"one\n"
    journal.append([b"three"])
    journal.close()
    assert path.read_bytes() == b"one\nthree\n"


def test_a_path_that_cannot_be_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        Journal(tmp_path / "file" / "feedback.jsonl")
