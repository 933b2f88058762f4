import errno
from pathlib import Path

import pytest
import torch
from synapse_pipelines.errors import TrainingError
from synapse_pipelines.training.checkpoint import CheckpointStore


def state(step: int) -> dict[str, object]:
    return {"step": step, "weights": {"a": torch.full((1000,), float(step))}, "scores": [0.1, 0.2], "best": None}


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def loaded_step(store: CheckpointStore) -> object:
    found = store.load()
    return None if found is None else found["step"]


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    CheckpointStore(tmp_path / "made", "f").save(3, state(3))
    found = CheckpointStore(tmp_path / "made", "f").load()
    assert found is not None
    torch.testing.assert_close(found.pop("weights"), {"a": torch.full((1000,), 3.0)})
    assert found == {"step": 3, "scores": [0.1, 0.2], "best": None}


def test_an_empty_or_missing_folder_has_no_checkpoint(tmp_path: Path) -> None:
    assert CheckpointStore(tmp_path, "f").load() is None
    assert CheckpointStore(tmp_path / "missing", "f").load() is None


def test_the_newest_and_the_one_before_are_kept(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path, "f")
    for step in (9, 10, 11):
        store.save(step, state(step))
    assert [file.name[:13] for file in files(tmp_path)] == ["step-00000010", "step-00000011"]
    assert store.latest_step() == 11


@pytest.mark.parametrize("length", [0, 1, 2000, -1])
def test_a_checkpoint_cut_short_is_passed_over(tmp_path: Path, length: int) -> None:
    store = CheckpointStore(tmp_path, "f")
    store.save(1, state(1))
    store.save(2, state(2))
    newest = files(tmp_path)[-1]
    newest.write_bytes(newest.read_bytes()[:length])
    assert loaded_step(store) == 1


def test_a_checkpoint_with_a_changed_bit_is_passed_over(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path, "f")
    store.save(1, state(1))
    content = bytearray(files(tmp_path)[0].read_bytes())
    content[len(content) // 2] ^= 1
    files(tmp_path)[0].write_bytes(content)
    assert store.load() is None


def test_a_file_left_over_from_writing_is_no_checkpoint(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path, "f")
    store.save(1, state(1))
    (tmp_path / "writing.partial").write_bytes(b"half of it")
    assert loaded_step(store) == 1


def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    CheckpointStore(tmp_path, "one").save(1, state(1))
    with pytest.raises(TrainingError, match=r"step-00000001-.*\.pt is a checkpoint of another training"):
        CheckpointStore(tmp_path, "other").load()


def test_a_full_disk_is_told_and_leaves_the_last_checkpoint(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path, "f")
    store.save(1, state(1))
    (tmp_path / "writing.partial").symlink_to("/dev/full")  # the kernel answers writes to it as a full disk does
    with pytest.raises(
        TrainingError, match=r"checkpoint of step 2 .*No space left on device.*the one of step 1 is kept"
    ) as told:
        store.save(2, state(2))
    causes = (told.value.__cause__, told.value.__cause__ and told.value.__cause__.__context__)
    assert [cause.errno for cause in causes if isinstance(cause, OSError)] == [errno.ENOSPC]
    assert loaded_step(store) == 1
    assert len(files(tmp_path)) == 1


def test_clearing_leaves_what_others_put_there(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path, "f")
    store.save(1, state(1))
    (tmp_path / "notes").touch()
    store.clear()
    assert [file.name for file in files(tmp_path)] == ["notes"]
    (tmp_path / "notes").unlink()
    store.clear()
    assert not tmp_path.exists()
