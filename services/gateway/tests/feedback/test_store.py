import asyncio
import errno
import json
import os
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from gateway_fakes.waiting import eventually
from synapse_common.errors import Unavailable
from synapse_gateway.feedback.row import StoredFeedback
from synapse_gateway.feedback.store import FILE_NAME, FeedbackStore


def row(rating: int = 5) -> StoredFeedback:
    return StoredFeedback.new(conversation_id="c", message_id="", rating=rating, reason=None, user="u")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[FeedbackStore]:
    made = FeedbackStore(tmp_path)
    await made.open()
    yield made
    await made.close()


def stored(folder: Path) -> list[str]:
    return [json.loads(line)["feedback_id"] for line in (folder / FILE_NAME).read_text().splitlines()]


class HeldDisk:
    """Holds every fsync until it is let go, and counts them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._real = os.fsync
        self.entered, self.gate, self.count = threading.Event(), threading.Event(), 0
        monkeypatch.setattr(os, "fsync", self._fsync)

    def _fsync(self, descriptor: int) -> None:
        self.entered.set()
        assert self.gate.wait(10)
        self.count += 1
        self._real(descriptor)


async def test_it_is_on_disk_when_acknowledged(store: FeedbackStore, tmp_path: Path) -> None:
    one, two = row(), row()
    await store.add(one)
    assert stored(tmp_path) == [one.feedback_id]
    await store.add(two)
    assert stored(tmp_path) == [one.feedback_id, two.feedback_id]


async def test_it_is_not_acknowledged_before(
    store: FeedbackStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = HeldDisk(monkeypatch)
    adding = asyncio.ensure_future(store.add(row()))
    await asyncio.to_thread(disk.entered.wait, 10)
    assert not adding.done()
    disk.gate.set()
    await adding


async def test_what_arrives_together_shares_a_flush(
    store: FeedbackStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = HeldDisk(monkeypatch)
    first = asyncio.ensure_future(store.add(row()))
    await asyncio.to_thread(disk.entered.wait, 10)
    others = [asyncio.ensure_future(store.add(row())) for _ in range(50)]
    await eventually(lambda: len(store._waiting) == 50)
    disk.gate.set()
    await asyncio.gather(first, *others)
    assert disk.count == 2
    assert len(stored(tmp_path)) == 51


async def test_a_caller_that_leaves_does_not_take_the_row_along(
    store: FeedbackStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = HeldDisk(monkeypatch)
    given = row()
    leaving = asyncio.ensure_future(store.add(given))
    await asyncio.to_thread(disk.entered.wait, 10)
    leaving.cancel()
    disk.gate.set()
    await store.add(row())
    assert stored(tmp_path)[0] == given.feedback_id


async def test_a_failing_disk_is_told_to_the_caller_and_forgotten_once_it_works(
    store: FeedbackStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(Unavailable, match="cannot be stored now"):
        await store.add(row())
    monkeypatch.undo()
    given = row()
    await store.add(given)
    assert stored(tmp_path) == [given.feedback_id]


async def test_before_it_is_open_it_says_so(tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path)
    with pytest.raises(Unavailable, match="yet"):
        await store.add(row())
    await store.close()


async def test_two_stores_on_one_folder_do_not_go_together(store: FeedbackStore, tmp_path: Path) -> None:
    other = FeedbackStore(tmp_path)
    with pytest.raises(Unavailable, match="another process"):
        await other.open()
    await other.close()


async def test_closing_writes_what_waits(tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path)
    await store.open()
    adding = [asyncio.ensure_future(store.add(row())) for _ in range(3)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*adding)
    assert len(stored(tmp_path)) == 3
