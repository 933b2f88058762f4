"""The protocol's rules, the same for gRPC and REST: which model, which tensors, which outputs."""

from __future__ import annotations

from collections.abc import Sequence

from synapse_common.errors import Internal, InvalidInput, NotFound, Unavailable
from synapse_common.oip.model import InferenceModel, TensorSpec
from synapse_common.oip.tensors import Array, Tensor, datatype_of


class InferenceHandler:
    """Checks requests against the one model this server holds, and runs it."""

    def __init__(self, server_name: str, server_version: str) -> None:
        self.server_name = server_name
        self.server_version = server_version
        self._model: InferenceModel | None = None
        self._draining = False

    def set_model(self, model: InferenceModel) -> None:
        """The model to answer with from now on."""
        self._model = model

    def drain(self) -> None:
        """Not ready from here on; calls that still arrive are answered."""
        self._draining = True

    @property
    def ready(self) -> bool:
        """Whether calls are welcome: a model is loaded and answered its warm-up, and the server is not draining."""
        return self._model is not None and not self._draining

    def model(self, name: str, version: str = "") -> InferenceModel:
        """The model asked for.

        Raises:
            Unavailable: no model is loaded yet.
            NotFound: another name or version than the loaded one.
        """
        if self._model is None:
            raise Unavailable("the model is not loaded yet", retry_after_s=2)
        if name != self._model.name:
            raise NotFound(f"no model {name[:64]!r} here; there is {self._model.name!r}", field="model_name")
        if version and version != self._model.version:
            raise NotFound(
                f"no version {version[:64]!r} of {name!r} here; there is {self._model.version!r}", field="model_version"
            )
        return self._model

    async def infer(
        self, model: InferenceModel, tensors: Sequence[Tensor], requested: Sequence[str], deadline_s: float | None
    ) -> list[Tensor]:
        """Run `model` on checked inputs; returns the requested outputs (all, when none is named).

        Raises:
            InvalidInput: an input is missing, unknown, given twice, of another type or shape, or too large.
        """
        inputs = _checked_inputs(model, tensors)
        names = _checked_outputs(model, requested)
        outputs = await model.infer(inputs, deadline_s)
        if missing := [name for name in names if name not in outputs]:
            raise Internal(f"the model did not give {missing}")
        return [Tensor(name, datatype_of(outputs[name]), outputs[name]) for name in names]


def _checked_inputs(model: InferenceModel, tensors: Sequence[Tensor]) -> dict[str, Array]:
    specs = {spec.name: spec for spec in model.inputs}
    given: dict[str, Array] = {}
    for index, tensor in enumerate(tensors):
        where = f"inputs[{index}]"
        spec = specs.get(tensor.name)
        if spec is None:
            raise InvalidInput(
                f"unknown input {tensor.name[:64]!r}; expected: {', '.join(specs)}", field=f"{where}.name"
            )
        if tensor.name in given:
            raise InvalidInput(f"input {tensor.name!r} is given twice", field=f"{where}.name")
        _check_tensor(tensor, spec, model.max_batch, where)
        given[tensor.name] = tensor.data
    if missing := [name for name in specs if name not in given]:
        raise InvalidInput(f"missing input: {', '.join(missing)}", field="inputs")
    return given


def _check_tensor(tensor: Tensor, spec: TensorSpec, max_batch: int, where: str) -> None:
    if tensor.datatype != spec.datatype:
        raise InvalidInput(
            f"input {spec.name!r} must be {spec.datatype}, not {tensor.datatype}", field=f"{where}.datatype"
        )
    shape = tensor.data.shape
    fits = len(shape) == len(spec.shape) and all(
        want in (-1, size) for want, size in zip(spec.shape, shape, strict=True)
    )
    if not fits:
        raise InvalidInput(
            f"input {spec.name!r} must have shape {list(spec.shape)}, not {list(shape)}", field=f"{where}.shape"
        )
    if shape[0] < 1:
        raise InvalidInput(f"input {spec.name!r} is empty", field=f"{where}.shape")
    if shape[0] > max_batch:
        raise InvalidInput(
            f"input {spec.name!r} has {shape[0]} items; at most {max_batch} a call", field=f"{where}.shape"
        )


def _checked_outputs(model: InferenceModel, requested: Sequence[str]) -> list[str]:
    known = [spec.name for spec in model.outputs]
    for index, name in enumerate(requested):
        if name not in known:
            raise InvalidInput(
                f"unknown output {name[:64]!r}; there are: {', '.join(known)}", field=f"outputs[{index}].name"
            )
    return list(requested) or known
