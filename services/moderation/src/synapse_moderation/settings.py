"""Settings of the moderation predictor."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict
from synapse_common.settings import Port, ServiceSettings


def _available_cores() -> int:
    """Cores this process may use: on Linux what its CPU set gives, elsewhere all of the machine's."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


class ModerationSettings(ServiceSettings):
    """What the predictor can be told, by ``SYNAPSE_MODERATION_*``."""

    model_config = SettingsConfigDict(env_prefix="SYNAPSE_MODERATION_")

    grpc_port: Port = 8501
    rest_port: Port = 8511
    metrics_port: Port = 9101
    bundle: Path = Field(description="folder of the model bundle to serve")
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="cpu: int8 with ONNX Runtime; cuda: bf16 with torch; auto: cuda where there is one"
    )
    workers: int = Field(
        default_factory=_available_cores,
        ge=1,
        description="texts computed at the same time on a CPU, one thread each; the available cores by default",
    )
    job_texts: int = Field(8, ge=1, description="most texts that are padded together on a CPU")
    max_batch: int = Field(256, ge=1, description="most texts in one call")
    max_text_chars: int = Field(20_000, ge=1, description="longest text accepted, in Unicode code points")
    max_waiting_texts: int = Field(4096, ge=1, description="texts waiting above this are refused, with a retry delay")
