from pathlib import Path

import pytest
from synapse_common.errors import ConfigurationError
from synapse_gateway.feedback.pseudonym import kept_key, pseudonym


def test_one_user_has_one_pseudonym_for_each_key() -> None:
    assert pseudonym(b"k", "ana") == pseudonym(b"k", "ana")
    assert len({pseudonym(b"k", "ana"), pseudonym(b"k", "rui"), pseudonym(b"l", "ana")}) == 3
    assert "ana" not in pseudonym(b"k", "ana")


def test_a_key_is_made_once_and_is_nobody_elses_to_read(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    key = kept_key(folder)
    assert kept_key(folder) == key
    assert len(key) == 32
    assert (folder / "pseudonym.key").stat().st_mode & 0o077 == 0
    assert kept_key(tmp_path / "other") != key


def test_a_damaged_key_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "pseudonym.key").write_bytes(b"short")
    with pytest.raises(ConfigurationError, match="32 bytes"):
        kept_key(tmp_path)


def test_a_crash_while_the_key_is_made_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        assert not (tmp_path / "pseudonym.key").exists()
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(ConfigurationError, match="no space left"):
            kept_key(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert len(kept_key(tmp_path)) == 32
    assert [file.name for file in tmp_path.iterdir()] == ["pseudonym.key"]


def test_a_folder_that_cannot_be_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"pseudonym\.key"):
        kept_key(tmp_path / "file")
