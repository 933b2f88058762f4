from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from synapse_common.bundle import Bundle
from synapse_pipelines.training import model as classifier
from synapse_pipelines.training.predict import onnx_logits, torch_logits
from synapse_pipelines.training.quantise import export_onnx, to_int8
from synapse_pipelines.training.smoothing import shift_logits, smooth

TEXTS = ["hello", "you are a moron, shut up and leave this place now", "bom dia a todos, o que vamos almoçar hoje?"]


@pytest.fixture
def exported(moderation_bundle: Bundle, tmp_path: Path) -> Path:
    """A model with a channel that is far larger than the others, as encoders that were trained for long have."""
    model = classifier.load(moderation_bundle.path / "model")
    file = tmp_path / "model.onnx"
    export_onnx(model, file)
    graph = onnx.load(file)
    name = next(one.name for one in graph.graph.initializer if one.name.endswith("output.LayerNorm.weight"))
    (gain,) = (one for one in graph.graph.initializer if one.name == name)
    values = numpy_helper.to_array(gain).copy()
    values[3] *= 300
    gain.CopyFrom(numpy_helper.from_array(values, name))
    onnx.save(graph, file)
    return file


def test_a_smoothed_model_computes_what_it_did(moderation_bundle: Bundle, exported: Path) -> None:
    tokenizer = classifier.load_tokenizer(str(moderation_bundle.path / "model"))
    before = onnx_logits(exported, tokenizer, TEXTS, 32)
    smooth(exported, tokenizer, TEXTS, 32)
    onnx.checker.check_model(onnx.load(exported))
    np.testing.assert_allclose(onnx_logits(exported, tokenizer, TEXTS, 32), before, atol=2e-3, rtol=1e-3)


def test_a_smoothed_model_loses_less_to_int8(moderation_bundle: Bundle, exported: Path, tmp_path: Path) -> None:
    tokenizer = classifier.load_tokenizer(str(moderation_bundle.path / "model"))
    before = onnx_logits(exported, tokenizer, TEXTS, 32)
    errors = []
    for step in (lambda: None, lambda: smooth(exported, tokenizer, TEXTS, 32)):
        step()
        to_int8(exported, tmp_path / "int8.onnx")
        errors.append(np.abs(onnx_logits(tmp_path / "int8.onnx", tokenizer, TEXTS, 32) - before).max())
    assert errors[1] < errors[0] / 2


def test_logits_are_shifted_by_what_is_told(moderation_bundle: Bundle, tmp_path: Path) -> None:
    folder = moderation_bundle.path
    tokenizer = classifier.load_tokenizer(str(folder / "model"))
    export_onnx(classifier.load(folder / "model"), tmp_path / "model.onnx")
    to_int8(tmp_path / "model.onnx", tmp_path / "int8.onnx")
    before = onnx_logits(tmp_path / "int8.onnx", tokenizer, TEXTS, 32)
    shift = np.linspace(-1, 1, 8, dtype=np.float32)
    shift_logits(tmp_path / "int8.onnx", shift)
    np.testing.assert_allclose(onnx_logits(tmp_path / "int8.onnx", tokenizer, TEXTS, 32), before + shift, atol=1e-5)


def test_the_released_int8_model_is_centred_on_fp32(moderation_bundle: Bundle) -> None:
    folder = moderation_bundle.path
    tokenizer = classifier.load_tokenizer(str(folder / "model"))
    rows = [f"{text} {number}" for text in TEXTS for number in range(40)]
    fp32 = torch_logits(classifier.load(folder / "model"), tokenizer, rows, 32)
    int8 = onnx_logits(moderation_bundle.onnx(), tokenizer, rows, 32)
    assert abs(float((int8 - fp32).mean())) < 0.1
