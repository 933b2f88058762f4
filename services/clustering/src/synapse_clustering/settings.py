"""Settings of the clustering predictor (environment: ``SYNAPSE_CLUSTERING_...``)."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict
from synapse_common.settings import Port, ServiceSettings


class ClusteringSettings(ServiceSettings):
    """What the clustering predictor can be told."""

    model_config = SettingsConfigDict(env_prefix="SYNAPSE_CLUSTERING_")

    grpc_port: Port = 8502
    rest_port: Port = Field(8512, description="port of the REST side of the protocol (TLS 1.3)")
    metrics_port: Port = 9102
    bundle: Path = Field(description="folder of the clustering bundle to serve")
    max_batch: int = Field(4096, ge=1, description="most users in one call")
