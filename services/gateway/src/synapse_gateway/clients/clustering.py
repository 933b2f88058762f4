"""The clustering predictor: features of users in, clusters out."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from synapse_common.errors import InvalidInput, Unavailable

from synapse_gateway.clients.predictor import InputTensor, Predictor
from synapse_gateway.deadline import Deadline
from synapse_gateway.exchange import UserFeatures

MODEL = "clustering"


@dataclass(frozen=True)
class Assignment:
    """A user's cluster; distances in scaled feature space."""

    user_id: str
    cluster: int
    distance: float
    margin: float


@dataclass(frozen=True)
class Assignments:
    """In the order of the users, with the model version that made them."""

    items: tuple[Assignment, ...]
    model_version: str


class ClusteringClient:
    """Brings features into the model's order and asks the predictor."""

    def __init__(self, predictor: Predictor, max_batch: int) -> None:
        self._predictor = predictor
        self._max_batch = max_batch
        self._version: str | None = None
        self._features: tuple[str, ...] = ()

    async def assign(self, users: Sequence[UserFeatures], deadline: Deadline) -> Assignments:
        """Assign users to clusters.

        Raises:
            InvalidInput: a feature is missing, unknown or not finite; the field names it.
            Unavailable: the predictor cannot be reached, answers nonsense, or is changing its version.
            DeadlineExceeded: no answer in time.
        """
        if self._version is None:
            await self._refresh(deadline)
        assignments = await self._assign(users, deadline)
        if assignments.model_version != self._version:
            # Another version may order its features differently: nothing of this answer can be trusted.
            await self._refresh(deadline)
            assignments = await self._assign(users, deadline)
            if assignments.model_version != self._version:
                raise Unavailable("the clustering predictor is changing its version; try again", retry_after_s=1)
        return assignments

    async def _refresh(self, deadline: Deadline) -> None:
        metadata = await self._predictor.metadata(deadline)
        try:
            features = tuple(str(item["name"]) for item in json.loads(metadata.parameters["features"]))
        except (KeyError, TypeError, ValueError):
            raise self._predictor.nonsense("metadata without features") from None
        self._version, self._features = metadata.model_version, features

    async def _assign(self, users: Sequence[UserFeatures], deadline: Deadline) -> Assignments:
        matrix = np.array([self._row(user, index) for index, user in enumerate(users)], dtype=np.float64)
        items: list[Assignment] = []
        versions: set[str] = set()
        for start in range(0, len(users), self._max_batch):
            part = slice(start, start + self._max_batch)
            shape = (len(users[part]),)
            expected = {"cluster": ("INT64", shape), "distance": ("FP64", shape), "margin": ("FP64", shape)}
            tensor = InputTensor.of_doubles("features", matrix[part])
            inference = await self._predictor.infer([tensor], expected, deadline)
            versions.add(inference.model_version)
            columns = (inference.outputs[name].tolist() for name in expected)
            items += [Assignment(user.user_id, *row) for user, *row in zip(users[part], *columns, strict=True)]
        if len(versions) != 1:
            raise Unavailable("the clustering predictor changed its version midway; try again", retry_after_s=1)
        return Assignments(tuple(items), versions.pop())

    def _row(self, user: UserFeatures, index: int) -> list[float]:
        field = f"users[{index}].features"
        if unknown := sorted(user.features.keys() - set(self._features)):
            known = ", ".join(self._features)
            raise InvalidInput(
                f"unknown feature {unknown[0][:64]!r}; the model knows: {known}", field=f"{field}[{unknown[0][:64]}]"
            )
        for name in self._features:
            if name not in user.features:
                raise InvalidInput(f"feature `{name}` is missing", field=f"{field}[{name}]")
            if not math.isfinite(user.features[name]):
                raise InvalidInput(f"feature `{name}` is not a finite number", field=f"{field}[{name}]")
        return [user.features[name] for name in self._features]
