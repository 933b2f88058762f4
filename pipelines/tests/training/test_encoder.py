from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from synapse_pipelines.errors import TrainingError
from synapse_pipelines.training.encoder import encoder_version, packaged_encoder, resolve_encoder, unpack


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    folder = tmp_path / "packed"
    folder.mkdir()
    codes = np.zeros((2, 16), dtype=np.uint8)
    codes[0, 0] = 0x1F  # low nibble 15, high nibble 1
    codes[1, 15] = 0x80  # low nibble 0, high nibble 8
    scale = np.array([[0.5], [2.0]], dtype=np.float16)
    save_file({"w.q4": codes, "w.scale": scale, "b": np.ones(3, np.float32)}, folder / "packed.safetensors")
    (folder / "config.json").write_text("{}", encoding="utf-8")
    return folder


def test_unpacking_expands_codes_low_nibble_first(packed: Path, tmp_path: Path) -> None:
    weights = load_file(unpack(packed, tmp_path / "out") / "model.safetensors")
    assert weights["w"].shape == (2, 32)
    assert weights["w"][0, :3].tolist() == [3.5, -3.5, -4.0]
    assert weights["w"][1, -2:].tolist() == [-16.0, 0.0]
    assert weights["b"].tolist() == [1.0, 1.0, 1.0]
    assert (tmp_path / "out" / "config.json").is_file()


def test_unpacking_happens_once(packed: Path, tmp_path: Path) -> None:
    first = Path(resolve_encoder(str(packed), tmp_path / "cache"))
    stamp = (first / "model.safetensors").stat().st_mtime_ns
    assert resolve_encoder(str(packed), tmp_path / "cache") == str(first)
    assert (first / "model.safetensors").stat().st_mtime_ns == stamp


def test_changed_packed_weights_are_unpacked_anew(packed: Path, tmp_path: Path) -> None:
    first = Path(resolve_encoder(str(packed), tmp_path / "cache"))
    save_file({"b": np.zeros(3, np.float32)}, packed / "packed.safetensors")
    again = Path(resolve_encoder(str(packed), tmp_path / "cache"))
    assert again != first
    assert again.name == first.name == "packed"
    assert load_file(again / "model.safetensors")["b"].tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("file", ["config.json", "packed.safetensors"])
def test_the_version_of_an_encoder_follows_its_config_and_weights(packed: Path, file: str) -> None:
    before = encoder_version(str(packed))
    assert encoder_version(str(packed)) == before
    with (packed / file).open("ab") as stream:
        stream.write(b" ")
    assert encoder_version(str(packed)) != before


def test_a_hub_id_is_its_own_version() -> None:
    assert encoder_version("some/hub-id") == "some/hub-id"


def test_a_torn_file_is_refused_and_leaves_no_weights(packed: Path, tmp_path: Path) -> None:
    (packed / "packed.safetensors").write_bytes(b"torn")
    with pytest.raises(TrainingError, match="not a packed model"):
        unpack(packed, tmp_path / "out")
    assert not (tmp_path / "out" / "model.safetensors").exists()


def test_a_name_is_passed_on(tmp_path: Path) -> None:
    assert resolve_encoder("some/hub-id", tmp_path) == "some/hub-id"


def test_without_a_name_or_an_optional_folder_the_packaged_encoder_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        found = Path(resolve_encoder(None, tmp_path / "cache"))
        assert found.resolve() == packaged_encoder().resolve()
        assert "python3" not in found.name
    assert (found / "config.json").is_file()
    assert resolve_encoder("minilm-l6", tmp_path / "cache") == str(found)
