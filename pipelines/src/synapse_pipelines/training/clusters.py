"""User clusters: robust scaling and K-means, the number of clusters chosen by silhouette."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import RobustScaler
from synapse_common.bundle import Manifest, write_manifest

from synapse_pipelines.data.sources import data_version
from synapse_pipelines.data.storage import Location
from synapse_pipelines.data.validation import load_table
from synapse_pipelines.errors import TrainingError
from synapse_pipelines.training.user_features import FEATURES, user_features

_WORDS_PER_CLUSTER = 3
_MEANT = 0.5  # scaled units from the median, below which a feature does not set a cluster apart


class ClusterRecipe(BaseModel):
    """What decides the clusters, besides data and code."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 7
    min_messages: int = Field(default=5, ge=2)
    smallest_k: int = Field(default=3, ge=2)
    largest_k: int = Field(default=8, ge=2)
    min_share: float = Field(
        default=0.02, ge=0, lt=1, description="a k whose smallest cluster is thinner is not considered"
    )
    silhouette_sample: int = Field(default=2_000, ge=100)


@dataclass(frozen=True)
class FittedClusters:
    """Centres [k, f] in scaled space, the scaler's centre and scale [f], and how well each k did."""

    centers: NDArray[np.float64]
    scaler_center: NDArray[np.float64]
    scaler_scale: NDArray[np.float64]
    sizes: list[int]
    silhouettes: dict[int, float]

    @property
    def k(self) -> int:
        """Number of clusters."""
        return len(self.centers)


def fit_clusters(features: pd.DataFrame, recipe: ClusterRecipe) -> FittedClusters:
    """Fit K-means for every k of the recipe and keep the one of the best silhouette (Rousseeuw, 1987).

    Raises:
        TrainingError: too few users for the smallest k.
    """
    if len(features) <= recipe.smallest_k:
        raise TrainingError(f"{len(features)} users are too few for {recipe.smallest_k} clusters")
    scaler = RobustScaler().fit(features.to_numpy())
    scaled = scaler.transform(features.to_numpy())
    fits: dict[int, KMeans] = {}
    silhouettes: dict[int, float] = {}
    for k in range(recipe.smallest_k, min(recipe.largest_k, len(features) - 1) + 1):
        fitted = KMeans(n_clusters=k, n_init=4, random_state=recipe.seed).fit(scaled)
        share = np.bincount(fitted.labels_, minlength=k).min() / len(scaled)
        if share < recipe.min_share and fits:
            continue  # an outlier's cluster; the first k stays so that there is always one
        sample = min(recipe.silhouette_sample, len(scaled))
        score = silhouette_score(scaled, fitted.labels_, sample_size=sample, random_state=recipe.seed)
        fits[k], silhouettes[k] = fitted, float(score)
    best = fits[max(silhouettes, key=lambda k: silhouettes[k])]
    return FittedClusters(
        centers=best.cluster_centers_.astype(np.float64),
        scaler_center=scaler.center_.astype(np.float64),
        scaler_scale=scaler.scale_.astype(np.float64),
        sizes=np.bincount(best.labels_).tolist(),
        silhouettes=silhouettes,
    )


def label_clusters(centers: NDArray[np.float64]) -> list[str]:
    """Return a few words for each cluster from the features that set its centre [f] apart most from the median."""
    labels: list[str] = []
    for center in centers:
        order = np.argsort(-np.abs(center))[:_WORDS_PER_CLUSTER]
        words = [FEATURES[i].high if center[i] > 0 else FEATURES[i].low for i in order if abs(center[i]) >= _MEANT]
        labels.append(", ".join(words) or "average")
    return labels


def train_clusters(data_dir: Location, recipe: ClusterRecipe, name: str, out: Path, quarantine: Path) -> Manifest:
    """Fit user clusters to the chat logs in `data_dir` and write their bundle to `out`, bad rows to `quarantine`."""
    table = load_table(data_dir, "chat_logs", quarantine)
    messages = table.rows.to_pandas()
    features = user_features(messages, recipe.min_messages)
    fitted = fit_clusters(features, recipe)
    labels = label_clusters(fitted.centers)
    metrics = {
        "silhouette": round(fitted.silhouettes[fitted.k], 6),
        "k": float(fitted.k),
        "users": float(len(features)),
        "smallest_cluster": float(min(fitted.sizes)),
    }
    data = {
        "version": _version(features),
        "source_version": data_version(data_dir),
        "messages": len(messages),
        "users": int(messages["user_id"].nunique()),
        "users_with_enough_messages": len(features),
        "quarantined": table.quarantined,
    }
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    np.savez(
        out / "clusters.npz",
        centers=fitted.centers,
        scaler_center=fitted.scaler_center,
        scaler_scale=fitted.scaler_scale,
    )
    specs = [{"name": spec.name, "unit": spec.unit, "description": spec.description} for spec in FEATURES]
    _write_json(out / "features.json", {"features": specs})
    _write_json(out / "labels.json", {str(number): label for number, label in enumerate(labels)})
    _write_json(out / "metrics.json", metrics | {f"silhouette_k{k}": v for k, v in fitted.silhouettes.items()})
    (out / "CARD.md").write_text(_card(fitted, labels, len(features), recipe), encoding="utf-8")
    return write_manifest(out, kind="clustering", name=name, data=data, metrics=metrics)


def _version(features: pd.DataFrame) -> str:
    return hashlib.sha256(pd.util.hash_pandas_object(features).to_numpy().tobytes()).hexdigest()[:12]


def _write_json(file: Path, content: object) -> None:
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")


def _card(fitted: FittedClusters, labels: Sequence[str], users: int, recipe: ClusterRecipe) -> str:
    clusters = "\n".join(f"| {n} | {size} | {labels[n]} |" for n, size in enumerate(fitted.sizes))
    features = "\n".join(f"| {spec.name} | {spec.unit} | {spec.description} |" for spec in FEATURES)
    tried = ", ".join(f"k={k}: {value:.3f}" for k, value in fitted.silhouettes.items())
    return f"""# User clusters

Groups users by how they take part in chats. For statistics and product questions; not for decisions about a person.

K-means on robustly scaled features of {users} users with at least {recipe.min_messages} messages.
Silhouette by number of clusters: {tried}.

| cluster | users | what sets it apart |
| --- | ---: | --- |
{clusters}

| feature | unit | meaning |
| --- | --- | --- |
{features}

Labels are read off the cluster centres by rule; users near a border have a small margin and belong to both as much.
"""
