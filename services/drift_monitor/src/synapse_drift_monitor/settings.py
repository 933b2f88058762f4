"""Settings of the drift monitor (environment: ``SYNAPSE_DRIFT_MONITOR_...``)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict
from synapse_common.settings import Port, ServiceSettings

Route = Literal["chat_input", "chat_output", "moderate"]
"""Where an event's text was moderated; see ``PredictionEvent.route``."""


class DriftMonitorSettings(ServiceSettings):
    """What the drift monitor can be told."""

    model_config = SettingsConfigDict(env_prefix="SYNAPSE_DRIFT_MONITOR_")

    grpc_port: Port = 8504
    metrics_port: Port = 9104
    bundle: Path = Field(description="folder of the moderation bundle whose reference window is compared with")
    reference: Path | None = Field(
        None, description="Parquet file to compare with in place of the bundle's window, where users write otherwise"
    )
    report_folder: Path = Field(description="where reports are written")
    reports_kept: int = Field(20, ge=1, description="older reports are deleted")
    report_timeout_s: float = Field(180.0, gt=0, description="most time for writing one report")
    window_size: int = Field(2000, ge=1, description="latest events that are compared, per model version")
    window_max_age_s: float = Field(86_400.0, gt=0, description="events that arrived earlier leave the window")
    min_events: int = Field(100, ge=1, description="with fewer events in the window the level is unknown")
    routes: tuple[Route, ...] = Field(
        ("chat_input", "moderate"),
        min_length=1,
        description="routes whose events are compared (JSON list); a model's own answers are not what users write",
    )
    max_versions: int = Field(8, ge=1, description="model versions that are watched at once; the stalest gives way")
    evaluate_every_s: float = Field(5.0, gt=0, description="pause between measurements for metrics and history")
    history_size: int = Field(500, ge=1, description="measurements that are remembered")
