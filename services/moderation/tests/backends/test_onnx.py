import json
import lzma
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from onnx import TensorProto, helper
from synapse_common.bundle import Bundle, BundleError, write_manifest
from synapse_common.taxonomy import CATEGORIES
from synapse_moderation.backends.onnx import OnnxBackend
from synapse_moderation.backends.tokenise import Ids

TEXTS = ["Hello, how are you?", "Olá, tudo bem?", "eu vou te matar", "good", "it is a bad day and i will hurt you"]

Changed = Callable[[Callable[[Path], object]], Bundle]


@pytest.fixture
def changed(bundle: Bundle, tmp_path: Path) -> Changed:
    """The tiny bundle after a change to its files, with a manifest that agrees."""

    def change(edit: Callable[[Path], object]) -> Bundle:
        folder = tmp_path / "changed"
        shutil.copytree(bundle.path, folder)
        edit(folder)
        write_manifest(
            folder, kind="moderation", name="moderation", data={}, metrics={}, base_encoder="tiny", max_tokens=16
        )
        return Bundle.open(folder, kind="moderation")

    return change


def test_a_text_scores_the_same_alone_and_among_longer_ones(bundle: Bundle) -> None:
    backend = OnnxBackend(bundle, workers=1)
    together = backend.logits(TEXTS)
    assert together.shape == (len(TEXTS), len(CATEGORIES))
    assert together.dtype == np.float32
    alone = np.concatenate([backend.logits([text]) for text in TEXTS])
    # Dynamic int8 takes its activation scale from the whole batch, so the two are close and not equal.
    assert np.corrcoef(together.ravel(), alone.ravel())[0, 1] > 0.99


def test_texts_are_normalised_as_in_training(bundle: Bundle) -> None:
    backend = OnnxBackend(bundle, workers=1)
    np.testing.assert_array_equal(backend.logits(["h\u200bello   you"]), backend.logits(["hello you"]))


def test_what_stands_behind_a_long_harmless_start_still_counts(bundle: Bundle) -> None:
    backend = OnnxBackend(bundle, workers=1)
    start = "good " * 100
    [alone], [behind] = backend.logits([start]), backend.logits([start + "bad " * 14])
    assert (behind > alone + 1).any()  # by more than int8's own noise


def test_long_texts_are_not_computed_all_at_once(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = OnnxBackend(bundle, workers=1)
    session, rows = backend._session, []

    class Watched:
        def run(self, outputs: list[str], inputs: dict[str, Ids]) -> list[npt.NDArray[np.float32]]:
            rows.append(len(inputs["input_ids"]))
            return session.run(outputs, inputs)

    monkeypatch.setattr(backend, "_session", Watched())
    texts = ["good " * 400] * 8
    assert backend.logits(texts).shape == (8, len(CATEGORIES))
    assert max(rows) == 32
    assert sum(rows) == len(backend._encoder.encode(texts).owners)


def test_several_threads_may_ask_at_once(bundle: Bundle) -> None:
    backend = OnnxBackend(bundle, workers=4)
    expected = backend.logits(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for result in pool.map(lambda _: backend.logits(TEXTS), range(20)):
            np.testing.assert_array_equal(result, expected)


def test_a_file_that_is_no_model_is_named(changed: Changed) -> None:
    broken = changed(lambda folder: (folder / "model.int8.onnx.xz").write_bytes(lzma.compress(b"not a model")))
    with pytest.raises(BundleError, match=r"model\.int8\.onnx\.xz"):
        OnnxBackend(broken, workers=1)


def test_a_model_with_other_inputs_is_refused(changed: Changed) -> None:
    def other_model(folder: Path) -> None:
        value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
        out = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1])
        graph = helper.make_graph([helper.make_node("Identity", ["x"], ["logits"])], "other", [value], [out])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        (folder / "model.int8.onnx.xz").write_bytes(lzma.compress(model.SerializeToString()))

    with pytest.raises(BundleError, match="input_ids"):
        OnnxBackend(changed(other_model), workers=1)


@pytest.mark.parametrize("content", ["{", json.dumps({"version": "9"})])
def test_a_file_that_is_no_tokenizer_is_named(content: str, changed: Changed) -> None:
    broken = changed(lambda folder: (folder / "tokenizer.json").write_text(content))
    with pytest.raises(BundleError, match=r"tokenizer\.json"):
        OnnxBackend(broken, workers=1)
