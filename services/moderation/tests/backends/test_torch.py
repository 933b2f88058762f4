import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from synapse_common.bundle import Bundle, BundleError, write_manifest
from synapse_common.decision import Floats
from synapse_common.taxonomy import CATEGORIES
from synapse_moderation.backends.onnx import OnnxBackend
from synapse_moderation.backends.torch import TorchBackend
from synapse_pipelines.training import model as classifier
from synapse_pipelines.training.predict import in_batches

TEXTS = ["Hello, how are you?", "Olá, tudo bem?", "eu vou te matar", "good", "it is a bad day and i will hurt you"]


def test_it_computes_what_training_computed(bundle: Bundle) -> None:
    folder = bundle.path / "model"
    model = classifier.load(folder).eval()

    def in_float32(ids: torch.Tensor, mask: torch.Tensor) -> Floats:
        with torch.inference_mode():
            return np.asarray(model(ids, mask).numpy(), dtype=np.float32)

    trained = in_batches(in_float32, classifier.load_tokenizer(str(folder)), TEXTS, 16)
    served = TorchBackend(bundle, "cpu").logits(TEXTS)
    assert served.shape == (len(TEXTS), len(CATEGORIES))
    assert served.dtype == np.float32
    np.testing.assert_allclose(served, trained, rtol=1e-3, atol=1e-3)


def test_it_agrees_with_the_int8_model(bundle: Bundle) -> None:
    fp32 = TorchBackend(bundle, "cpu").logits(TEXTS)
    int8 = OnnxBackend(bundle, workers=1).logits(TEXTS)
    assert np.corrcoef(fp32.ravel(), int8.ravel())[0, 1] > 0.99


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_bf16_on_a_gpu_agrees_with_fp32_on_the_cpu(bundle: Bundle) -> None:
    fp32 = TorchBackend(bundle, "cpu").logits(TEXTS)
    bf16 = TorchBackend(bundle, "cuda").logits(TEXTS)
    assert np.corrcoef(fp32.ravel(), bf16.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("file", ["head.safetensors", "model.safetensors", "config.json"])
def test_a_broken_file_is_a_bundle_error(file: str, bundle: Bundle, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(bundle.path, folder)
    (folder / "model" / file).write_bytes(b"{}")
    write_manifest(
        folder, kind="moderation", name="moderation", data={}, metrics={}, base_encoder="tiny", max_tokens=16
    )
    with pytest.raises(BundleError, match=str(folder)):
        TorchBackend(Bundle.open(folder, kind="moderation"), "cpu")


def test_a_bundle_without_weights_for_torch_says_so(bundle: Bundle, tmp_path: Path) -> None:
    shutil.copytree(bundle.path, tmp_path / "small", ignore=shutil.ignore_patterns("model"))
    manifest = write_manifest(
        tmp_path / "small", kind="moderation", name="m", data={}, metrics={}, base_encoder="tiny", max_tokens=32
    )
    assert manifest.version == bundle.manifest.version
    small = Bundle.open(tmp_path / "small", kind="moderation")
    with pytest.raises(BundleError, match="no weights for torch"):
        TorchBackend(small, "cpu")
    assert OnnxBackend(small, workers=1).logits(["good"]).shape == (1, 8)
