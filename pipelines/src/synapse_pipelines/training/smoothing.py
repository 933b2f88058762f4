"""Prepare an ONNX model for int8: activations without outliers, logits without a shift.

Dynamic quantisation gives a whole batch of activations one step, so the few channels of a transformer that are fifty
times the others take the others' precision away. SmoothQuant (Xiao et al., 2023) divides each channel by a factor that
its weights are multiplied with: the product stays, and both factors become easy to round. What shift is left in the
logits is measured and taken away (bias correction: Nagel et al., 2019), so that thresholds chosen for the one model
hold for the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from synapse_common.decision import Floats
from torch import Tensor

from synapse_pipelines.training.predict import in_batches

_STRENGTH: Final = 0.75
"""How much of the difficulty moves from activations to weights. Measured on a moderation model: 0.75 leaves a third of
the activations' rounding error (0.5 half of it, and behind GELU more than all), and that of the weights as it was."""

_SMALLEST: Final = 1e-5
_BIAS: Final = "head.bias"


@dataclass
class Activations:
    """What was seen of an activation with k channels."""

    largest: NDArray[np.float32]
    """Largest magnitude [k]."""
    outer: NDArray[np.float64]
    """Sum of outer products [k, k]."""


def smooth(file: Path, tokenizer: Any, texts: Sequence[str], max_tokens: int) -> dict[str, NDArray[np.float64]]:
    """Rewrite the fp32 model in `file` so that its activations, as `texts` excite them, are of one size.

    It computes what it did, within float32's rounding. Returns by name of a matrix [k, n] the sum of the outer products
    [k, k] of what it is now multiplied with, which is what `round_weights` asks for.
    """
    model = onnx.load(file)
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    readers: dict[str, list[onnx.NodeProto]] = defaultdict(list)
    for node in model.graph.node:
        if node.op_type == "MatMul" and node.input[1] in weights:
            readers[node.input[0]].append(node)
    seen = _seen(model, list(readers), tokenizer, texts, max_tokens)

    scaling: list[onnx.NodeProto] = []
    outers: dict[str, NDArray[np.float64]] = {}
    for name, nodes in readers.items():
        held = [numpy_helper.to_array(weights[node.input[1]]) for node in nodes]
        strongest = np.max([np.abs(values).max(axis=1) for values in held], axis=0)
        factor = seen[name].largest ** _STRENGTH / np.maximum(strongest, _SMALLEST) ** (1 - _STRENGTH)
        for node, values in zip(nodes, held, strict=True):
            weights[node.input[1]].CopyFrom(numpy_helper.from_array(values * factor[:, None], node.input[1]))
            node.input[0] = f"{name}_smoothed"
            outers[node.input[1]] = seen[name].outer / np.outer(factor, factor)
        inverse = numpy_helper.from_array(np.asarray(1 / factor, dtype=np.float32), f"{name}_smoothing")
        model.graph.initializer.append(inverse)
        scaling.append(helper.make_node("Mul", [name, inverse.name], [f"{name}_smoothed"], name=f"{name}_smooth"))
    _insert_before_readers(model.graph, scaling)
    onnx.save(model, file)
    return outers


def shift_logits(file: Path, shift: Floats) -> None:
    """Add `shift` [8] to the logits of the model in `file`."""
    model = onnx.load(file)
    (bias,) = (tensor for tensor in model.graph.initializer if tensor.name == _BIAS)
    bias.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(bias) + shift.astype(np.float32), _BIAS))
    onnx.save(model, file)


def _seen(
    model: onnx.ModelProto, names: Sequence[str], tokenizer: Any, texts: Sequence[str], max_tokens: int
) -> dict[str, Activations]:
    """Return what `texts` show of the named activations."""
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    watched.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    session = onnxruntime.InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])
    found: dict[str, Activations] = {}

    def run(input_ids: Tensor, mask: Tensor) -> Floats:
        logits, *values = session.run(
            ["logits", *names], {"input_ids": input_ids.numpy(), "attention_mask": mask.numpy()}
        )
        for name, value in zip(names, values, strict=True):
            rows = value.reshape(-1, value.shape[-1])
            new = Activations(np.maximum(np.abs(rows).max(axis=0), _SMALLEST), (rows.T @ rows).astype(np.float64))
            if before := found.get(name):
                new = Activations(np.maximum(before.largest, new.largest), before.outer + new.outer)
            found[name] = new
        return np.asarray(logits, dtype=np.float32)

    in_batches(run, tokenizer, texts, max_tokens)
    return found


def _insert_before_readers(graph: onnx.GraphProto, nodes: Sequence[onnx.NodeProto]) -> None:
    """Put each of `nodes` before the first node that reads its output: ONNX wants them in order."""
    waiting = {node.output[0]: node for node in nodes}
    ordered: list[onnx.NodeProto] = []
    for node in graph.node:
        ordered += [waiting.pop(name) for name in node.input if name in waiting]
        ordered.append(node)
    del graph.node[:]
    graph.node.extend(ordered)
