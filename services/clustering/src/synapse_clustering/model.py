"""The clusters as a model of the Open Inference Protocol."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from synapse_common.bundle import BundleError
from synapse_common.errors import InvalidInput
from synapse_common.oip import TensorSpec
from synapse_common.oip.tensors import Array

from synapse_clustering.clusters import Clusters, Floats

# Up to here an assignment takes about half a millisecond (8 centres, 12 features), most of it scikit-learn's checks;
# larger batches go to a thread so that other calls are not held up.
_INLINE_ROWS: Final = 256
# Squares of larger values could overflow.
_LARGEST_VALUE: Final = 1e100


class ClusteringModel:
    """Input ``features`` FP64 [n, f]; outputs ``cluster`` INT64 [n], ``distance`` and ``margin`` FP64 [n]."""

    name: Final = "clustering"

    def __init__(self, clusters: Clusters, *, version: str, max_batch: int) -> None:
        self._clusters = clusters
        self.version = version
        self.max_batch = max_batch
        self.inputs: Sequence[TensorSpec] = [TensorSpec("features", "FP64", (-1, len(clusters.features)))]
        self.outputs: Sequence[TensorSpec] = [
            TensorSpec("cluster", "INT64", (-1,)),
            TensorSpec("distance", "FP64", (-1,)),
            TensorSpec("margin", "FP64", (-1,)),
        ]
        self.parameters: Mapping[str, str] = {
            "features": json.dumps([feature.model_dump() for feature in clusters.features]),
            "labels": json.dumps(clusters.labels),
        }

    async def warm_up(self) -> None:
        """See the centres assigned to themselves.

        Raises:
            BundleError: they are not (two centres coincide), so the answers would mean nothing.
        """
        clusters = self._clusters
        rows = clusters.centers * clusters.scaler_scale + clusters.scaler_center
        outputs = await self.infer({"features": rows}, None)
        if not np.array_equal(outputs["cluster"], np.arange(len(rows))):
            raise BundleError("the bundle's cluster centres are not distinct; train it again")

    async def infer(
        self,
        inputs: Mapping[str, Array],
        deadline_s: float | None,  # noqa: ARG002  (part of the protocol; an assignment is too short for it to matter)
    ) -> Mapping[str, Array]:
        """Assign each row to a cluster.

        Raises:
            InvalidInput: a value is not finite (or absurdly large); names its row and feature.
        """
        rows = inputs["features"]
        self._check_values(rows)
        if len(rows) <= _INLINE_ROWS:
            assignment = self._clusters.assign(rows)
        else:
            assignment = await asyncio.to_thread(self._clusters.assign, rows)
        return {"cluster": assignment.cluster, "distance": assignment.distance, "margin": assignment.margin}

    def _check_values(self, rows: Floats) -> None:
        usable = np.abs(rows) <= _LARGEST_VALUE  # false for NaN, too
        if usable.all():
            return
        row, column = (int(index) for index in np.argwhere(~usable)[0])
        feature = self._clusters.features[column].name
        raise InvalidInput(
            f"row {row}, feature {feature!r}: the value must be a finite number, at most {_LARGEST_VALUE:g} in size",
            field=f"features[{row}].{feature}",
        )
