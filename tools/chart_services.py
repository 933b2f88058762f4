"""The chart's services, their settings classes, and which settings the chart itself decides."""

from __future__ import annotations

from dataclasses import dataclass

from synapse_clustering.settings import ClusteringSettings
from synapse_common.settings import ServiceSettings
from synapse_drift_monitor.settings import DriftMonitorSettings
from synapse_embeddings.settings import EmbeddingsSettings
from synapse_gateway.settings import GatewaySettings
from synapse_moderation.settings import ModerationSettings

# Dotted names. Where a pod listens, its certificate and how it drains are the chart's business in every service.
_COMMON = frozenset(
    {"host", "grpc_port", "metrics_port", "tls", "log_level", "otlp_endpoint", "drain_delay_s", "drain_grace_s"}
)


@dataclass(frozen=True)
class ChartService:
    """One service: its key in the values, its component name, its settings and those of them that the chart sets."""

    key: str
    component: str
    settings: type[ServiceSettings]
    own: frozenset[str]

    @property
    def package(self) -> str:
        """Name of its folder in services/."""
        return self.component.replace("-", "_")

    @property
    def prefix(self) -> str:
        """Prefix of its environment names."""
        return str(self.settings.model_config.get("env_prefix", ""))

    @property
    def chart_owned(self) -> frozenset[str]:
        """Dotted names of settings that `<key>.settings` in the values must not hold."""
        return _COMMON | self.own


SERVICES = (
    ChartService(
        "gateway",
        "gateway",
        GatewaySettings,
        frozenset(
            {
                "auth.public_key",
                "feedback_folder",
                "limits.storage",  # a shared store needs an arrow in the network policies, which the chart has not yet
                "peers.moderation",
                "peers.clustering",
                "peers.embeddings",
                "peers.drift_monitor",
                "pseudonym_key",
                "upstream.base_url",
                "upstream.model",
                "upstream.api_key",
            }
        ),
    ),
    ChartService("moderation", "moderation", ModerationSettings, frozenset({"rest_port", "bundle", "workers"})),
    ChartService("clustering", "clustering", ClusteringSettings, frozenset({"rest_port", "bundle"})),
    ChartService("embeddings", "embeddings", EmbeddingsSettings, frozenset({"base_url", "default_model", "api_key"})),
    ChartService("driftMonitor", "drift-monitor", DriftMonitorSettings, frozenset({"bundle", "report_folder"})),
)
