import pytest
from synapse_common.bundle import Bundle
from synapse_common.errors import ConfigurationError
from synapse_moderation.backends import load
from synapse_moderation.backends.onnx import OnnxBackend


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_without_a_gpu_onnx_serves(device: load.Device, bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_has_cuda", lambda: False)
    backend = load.load_backend(bundle, device, workers=3)
    assert isinstance(backend, OnnxBackend)
    assert backend.workers == 3


def test_a_gpu_that_was_asked_for_and_is_not_there_is_an_error(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_has_cuda", lambda: False)
    with pytest.raises(ConfigurationError, match="no GPU"):
        load.load_backend(bundle, "cuda", workers=1)


def test_the_cpu_image_has_no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load.importlib.util, "find_spec", lambda _name: None)
    assert not load._has_cuda()
