"""Export to ONNX and dynamic int8 quantisation, with what it costs measured on the test split."""

from __future__ import annotations

import contextlib
import io
import logging
import lzma
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from pydantic import BaseModel, ConfigDict
from synapse_common.bundle import ONNX_FILE
from synapse_common.decision import DecisionRule, Floats
from torch import nn

from synapse_pipelines.data.dataset import load_split, reference_rows
from synapse_pipelines.errors import TrainingError
from synapse_pipelines.evaluation.evaluate import TEST_LOGITS
from synapse_pipelines.evaluation.metrics import macro_auprc
from synapse_pipelines.training import model as classifier
from synapse_pipelines.training.loss import label_tensor
from synapse_pipelines.training.predict import onnx_logits
from synapse_pipelines.training.reference import reference_window
from synapse_pipelines.training.rounding import round_weights
from synapse_pipelines.training.smoothing import shift_logits, smooth
from synapse_pipelines.training.train import TrainingSummary

_OPSET = 18
_EXCITING_TEXTS = 256
_CENTRING_TEXTS = 2_000
# Weights hold no phrases to find: looking far back costs eight times the time and packs worse (35 s for 15.5 MB against
# 4 s for 15.3 MB of a model of 12 layers), and what place a byte has says nothing of the next.
_PACKING = [
    {
        "id": lzma.FILTER_LZMA2,
        "preset": 6,
        "lc": 0,
        "lp": 0,
        "pb": 0,
        "dict_size": 1 << 16,
        "mf": lzma.MF_HC3,
        "nice_len": 8,
        "depth": 1,
    }
]


class QuantisationSummary(BaseModel):
    """What int8 costs on the test split: content of ``quantisation.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fp32_macro_auprc: float
    int8_macro_auprc: float
    flag_agreement: float
    """Share of test texts that both flag or both let pass."""
    largest_score_difference: float
    int8_bytes: int
    """As packed in the bundle."""

    @property
    def cost(self) -> float:
        """Macro AUPRC lost; negative where int8 happens to be better."""
        return self.fp32_macro_auprc - self.int8_macro_auprc


def quantise_model(trained: Path, dataset: Path, evaluated: Path, out: Path, levels: int = 127) -> QuantisationSummary:
    """Write the packed int8 model, ``reference.parquet`` and ``quantisation.json`` to `out` for the model in `trained`.

    Activations are smoothed and logits centred, see `smoothing`. What int8 costs is measured against the fp32 logits
    that evaluation left in `evaluated`. The reference window, which the drift monitor compares live messages with,
    holds the int8 scores of the labelled validation rows. `levels` is the largest quantised weight.
    """
    out.mkdir(parents=True, exist_ok=True)
    model = classifier.load(trained / "model")
    tokenizer = classifier.load_tokenizer(str(trained / "model"))
    training = TrainingSummary.model_validate_json((trained / "training.json").read_bytes())
    rule = DecisionRule.model_validate_json((trained / "thresholds.json").read_bytes())
    usual = reference_rows(dataset)
    test = load_split(dataset, "test")
    texts = test["text"].tolist()
    fp32: Floats = np.load(evaluated / TEST_LOGITS, allow_pickle=False)

    file = out / ONNX_FILE
    with tempfile.TemporaryDirectory() as scratch:
        exported = Path(scratch) / "model.onnx"
        export_onnx(model, exported)
        quantised = Path(scratch) / "model.int8.onnx"
        excite = _sample(load_split(dataset, "train"), _EXCITING_TEXTS)
        seen = smooth(exported, tokenizer, excite, training.max_tokens)
        to_int8(exported, quantised, levels, seen)
        centre = _sample(usual, _CENTRING_TEXTS)
        before, after = (onnx_logits(one, tokenizer, centre, training.max_tokens) for one in (exported, quantised))
        shift_logits(quantised, (before - after).mean(axis=0))
        model8 = quantised.read_bytes()
    file.write_bytes(lzma.compress(model8, filters=_PACKING))
    int8 = onnx_logits(model8, tokenizer, texts, training.max_tokens)

    labels = label_tensor(test).numpy()
    scores = rule.scores(int8)
    agree = rule.flagged(scores) == rule.flagged(rule.scores(fp32))
    summary = QuantisationSummary(
        fp32_macro_auprc=macro_auprc(fp32, labels),
        int8_macro_auprc=macro_auprc(int8, labels),
        flag_agreement=float(np.mean(agree)),
        largest_score_difference=float(np.abs(scores - rule.scores(fp32)).max()),
        int8_bytes=file.stat().st_size,
    )
    usual_scores = rule.scores(onnx_logits(model8, tokenizer, usual["text"].tolist(), training.max_tokens))
    reference_window(usual, usual_scores, rule).to_parquet(out / "reference.parquet", index=False)
    (out / "quantisation.json").write_text(summary.model_dump_json(indent=2), encoding="utf-8")
    return summary


def _sample(rows: pd.DataFrame, most: int) -> list[str]:
    return list(rows["text"].sample(min(most, len(rows)), random_state=0))


def export_onnx(model: nn.Module, file: Path) -> None:
    """Write `model` as one ONNX file: ``input_ids``, ``attention_mask`` int64 [n, t] to ``logits`` float32."""
    example = torch.ones((2, 8), dtype=torch.int64)
    n, t = torch.export.Dim("n"), torch.export.Dim("t")
    noise = io.StringIO()
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    # The exporter prints its steps and warns of its own internals; neither says anything about our model.
    with warnings.catch_warnings(), contextlib.redirect_stdout(noise), contextlib.redirect_stderr(noise):
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            model.eval(),
            (example, example.clone()),
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_shapes={"input_ids": {0: n, 1: t}, "attention_mask": {0: n, 1: t}},
            opset_version=_OPSET,
            dynamo=True,
        )
    if program is None:
        raise TrainingError("the ONNX exporter returned no model")
    program.save(str(file), external_data=False)


def to_int8(
    exported: Path, file: Path, levels: int = 127, seen: Mapping[str, NDArray[np.float64]] | None = None
) -> None:
    """Quantise the weights of `exported` to int8 by channel; activations are quantised as they come.

    With fewer than 127 `levels` the weights use a part of the range only. They compute as fast, and pack smaller.
    Matrices that `seen` has the inputs of (see `smooth`) are rounded with regard to these.
    """
    graph = onnx.load(exported)
    # Shapes noted at export time contradict those of quantised weights, and onnxruntime infers them again anyway.
    graph.graph.ClearField("value_info")
    onnx.save(graph, exported)
    logging.getLogger().addFilter(_is_not_preprocessing_hint)
    try:
        quantize_dynamic(exported, file, weight_type=QuantType.QInt8, per_channel=True)
    finally:
        logging.getLogger().removeFilter(_is_not_preprocessing_hint)
    model = onnx.load(file)
    _round(model, {tensor.name: tensor for tensor in graph.graph.initializer}, levels, seen or {})
    onnx.save(model, file)


def _round(
    model: onnx.ModelProto,
    exact: Mapping[str, onnx.TensorProto],
    levels: int,
    seen: Mapping[str, NDArray[np.float64]],
) -> None:
    """Round the quantised weights of `model` to at most `levels` either side of zero, and stretch their scales."""
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    for name, tensor in tensors.items():
        stem = name.removesuffix("_quantized")
        if stem == name or tensor.data_type != onnx.TensorProto.INT8:
            continue  # the few unsigned ones are small
        scale = tensors[f"{stem}_scale"]
        steps = numpy_helper.to_array(scale) * np.float32(127 / levels)
        if stem in seen:
            weights = round_weights(numpy_helper.to_array(exact[stem]), seen[stem], steps, levels)
        else:
            weights = np.rint(numpy_helper.to_array(tensor).astype(np.float32) * (levels / 127)).astype(np.int8)
        tensor.CopyFrom(numpy_helper.from_array(weights, name))
        scale.CopyFrom(numpy_helper.from_array(steps, scale.name))


def _is_not_preprocessing_hint(record: logging.LogRecord) -> bool:
    return "pre-processing before quantization" not in record.getMessage()
