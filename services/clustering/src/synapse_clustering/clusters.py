"""Fitted K-means clusters: read from a bundle, and the assignment of feature rows to them."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from sklearn.metrics.pairwise import euclidean_distances
from synapse_common.bundle import Bundle, BundleError

Floats = NDArray[np.float64]

_CLUSTERS_FILE = "clusters.npz"
_FEATURES_FILE = "features.json"
_LABELS_FILE = "labels.json"


class Feature(BaseModel):
    """One input feature: its name, unit and meaning."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    unit: str
    description: str


class _Features(BaseModel):
    model_config = ConfigDict(extra="forbid")

    features: list[Feature] = Field(min_length=1)


_LABELS: TypeAdapter[dict[int, str]] = TypeAdapter(dict[int, str])


@dataclass(frozen=True)
class Assignment:
    """For each row: nearest cluster, distance to it, and how much farther the second-nearest is (scaled space)."""

    cluster: NDArray[np.int64]
    distance: Floats
    margin: Floats


@dataclass(frozen=True)
class Clusters:
    """K-means centres [k, f] in scaled space; raw features are scaled by ``(x - scaler_center) / scaler_scale``."""

    centers: Floats
    scaler_center: Floats
    scaler_scale: Floats
    features: Sequence[Feature]
    labels: dict[int, str]

    def assign(self, rows: Floats) -> Assignment:
        """Assign raw feature rows [n, f], all finite, to their nearest centres (Euclidean)."""
        scaled = (rows - self.scaler_center) / self.scaler_scale
        distances: Floats = euclidean_distances(scaled, self.centers)
        nearest_two = np.partition(distances, 1, axis=1)
        return Assignment(
            cluster=distances.argmin(axis=1).astype(np.int64),
            distance=nearest_two[:, 0],
            margin=nearest_two[:, 1] - nearest_two[:, 0],
        )


def load_clusters(bundle: Bundle) -> Clusters:
    """Read the clusters of a verified clustering bundle.

    Raises:
        BundleError: a file's content is unreadable, or the files contradict each other.
    """
    centers, scaler_center, scaler_scale = _arrays(bundle)
    try:
        features = _Features.model_validate(bundle.json(_FEATURES_FILE)).features
        labels = _LABELS.validate_python(bundle.json(_LABELS_FILE))
    except ValidationError as error:
        raise BundleError(f"{bundle.path} has a malformed {_FEATURES_FILE} or {_LABELS_FILE}: {error}") from error
    k, f = centers.shape
    if len(features) != f:
        raise BundleError(f"{bundle.file(_FEATURES_FILE)} names {len(features)} features; the centres have {f}")
    if set(labels) != set(range(k)):
        raise BundleError(f"{bundle.file(_LABELS_FILE)} must label clusters 0 to {k - 1}")
    return Clusters(centers, scaler_center, scaler_scale, features, labels)


def _arrays(bundle: Bundle) -> tuple[Floats, Floats, Floats]:
    """Centres [k, f], scaler centre [f] and scale [f], checked."""
    file = bundle.file(_CLUSTERS_FILE)
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            centers, scaler_center, scaler_scale = (
                np.asarray(stored[name], dtype=np.float64) for name in ("centers", "scaler_center", "scaler_scale")
            )
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise BundleError(f"{file} cannot be read: {error}") from error
    if centers.ndim != 2 or centers.shape[0] < 2:
        raise BundleError(f"{file}: centers must have shape [k, f] with k >= 2, not {list(centers.shape)}")
    expected = (centers.shape[1],)
    if scaler_center.shape != expected or scaler_scale.shape != expected:
        raise BundleError(f"{file}: scaler_center and scaler_scale must have shape {list(expected)}")
    if not all(np.isfinite(array).all() for array in (centers, scaler_center, scaler_scale)):
        raise BundleError(f"{file} holds values that are not finite")
    if (scaler_scale <= 0).any():
        raise BundleError(f"{file}: scaler_scale must be positive")
    return centers, scaler_center, scaler_scale
