import lzma
from pathlib import Path

import numpy as np
import onnxruntime
import pandas as pd
import torch
from synapse_common.bundle import Bundle
from synapse_common.taxonomy import COLUMNS
from synapse_pipelines.training import model as classifier
from synapse_pipelines.training.batches import pad
from synapse_pipelines.training.predict import onnx_logits, torch_logits
from synapse_pipelines.training.quantise import export_onnx, to_int8

TEXTS = ["hello", "you are a moron, shut up and leave this place now", "bom dia"]


def test_the_export_takes_any_batch_and_length_and_agrees_with_torch(moderation_bundle: Bundle, tmp_path: Path) -> None:
    model = classifier.load(moderation_bundle.path / "model")
    export_onnx(model, tmp_path / "model.onnx")
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
    for shape in ((1, 3), (5, 17)):
        ids, mask = pad([[7] * shape[1]] * shape[0], 0)
        (found,) = session.run(["logits"], {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})
        with torch.inference_mode():
            np.testing.assert_allclose(found, model(ids, mask).numpy(), atol=1e-4)


def test_int8_stays_close_to_fp32(moderation_bundle: Bundle) -> None:
    folder = moderation_bundle.path
    tokenizer = classifier.load_tokenizer(str(folder / "model"))
    fp32 = torch_logits(classifier.load(folder / "model"), tokenizer, TEXTS, 32)
    int8 = onnx_logits(moderation_bundle.onnx(), tokenizer, TEXTS, 32)
    rule = moderation_bundle.decision_rule()
    np.testing.assert_allclose(rule.scores(int8), rule.scores(fp32), atol=0.1)


def test_the_reference_window_has_the_drift_monitors_columns(moderation_bundle: Bundle) -> None:
    window = pd.read_parquet(moderation_bundle.file("reference.parquet"))
    assert list(window) == [*(f"score__{column}" for column in COLUMNS), "text_length", "language", "flagged"]
    assert window.iloc[:, : len(COLUMNS)].to_numpy().min() >= 0
    assert window["flagged"].dtype == bool
    assert set(window["language"]) <= {"en", "pt", "und"}


def test_the_reference_window_is_of_the_validation_split(moderation_bundle: Bundle) -> None:
    window = pd.read_parquet(moderation_bundle.file("reference.parquet"))
    rows = moderation_bundle.manifest.data["rows"]
    assert len(window) == rows["valid"] != rows["test"]
    assert window["text_length"].dtype == "int64"


def test_fewer_levels_pack_smaller_and_stay_close(moderation_bundle: Bundle, tmp_path: Path) -> None:
    folder = moderation_bundle.path
    export_onnx(classifier.load(folder / "model"), tmp_path / "model.onnx")
    tokenizer = classifier.load_tokenizer(str(folder / "model"))
    logits, sizes = [], []
    for levels in (127, 40):
        to_int8(tmp_path / "model.onnx", tmp_path / "int8.onnx", levels)
        logits.append(onnx_logits(tmp_path / "int8.onnx", tokenizer, TEXTS, 32))
        sizes.append(len(lzma.compress((tmp_path / "int8.onnx").read_bytes())))
    assert sizes[1] < sizes[0]
    np.testing.assert_allclose(logits[1], logits[0], atol=0.5)
    assert (logits[1] != logits[0]).any()
