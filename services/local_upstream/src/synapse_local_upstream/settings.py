"""Settings of the local upstream (environment: ``SYNAPSE_LOCAL_UPSTREAM_...``)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict
from synapse_common.settings import Port, SynapseSettings


class LocalUpstreamSettings(SynapseSettings):
    """What the local upstream can be told. Plain HTTP, so it belongs on loopback."""

    model_config = SettingsConfigDict(env_prefix="SYNAPSE_LOCAL_UPSTREAM_")

    host: str = Field("127.0.0.1", description="address to listen on")
    port: Port = 8600
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    min_similarity: float = Field(
        0.45, ge=-1, le=1, description="centred cosine under which a question counts as unknown; see retrieval.py"
    )
    max_inputs: int = Field(256, ge=1, description="most texts in one embeddings call")
    max_text_chars: int = Field(20_000, ge=1, description="longest text or message accepted, in code points")
    drain_grace_s: float = Field(10.0, gt=0, description="on SIGTERM: time that requests in flight get to finish")
