"""What the local stack consists of: each process with its module, ports and settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from synapse_common import ports
from synapse_common.ports import HOST

from synapse_cli.stack.paths import StackPaths

OPENAI_BASE_URL = "https://api.openai.com/v1"

# Ports of `synapse up`; `free_ports` replaces them where several stacks must live side by side.
DEFAULT_PORTS: Mapping[str, Mapping[str, int]] = {
    "local_upstream": {"http": 8600},
    "llama": {"http": 8700},
    "moderation": {"grpc": 8501, "rest": 8511, "metrics": 9101},
    "clustering": {"grpc": 8502, "rest": 8512, "metrics": 9102},
    "embeddings": {"grpc": 8503, "metrics": 9103},
    "drift_monitor": {"grpc": 8504, "metrics": 9104},
    "gateway": {"grpc": 8443, "metrics": 9100},
}

# Names that the command line and the pipelines read.
_NOT_FOR_SERVICES = (
    "SYNAPSE_ADDRESS",
    "SYNAPSE_CA",
    "SYNAPSE_DATA_DIR",
    "SYNAPSE_MLFLOW_TRACKING_URI",
    "SYNAPSE_PIPELINES_",
    "SYNAPSE_STACK_ROOT",
    "SYNAPSE_TOKEN",
    "SYNAPSE_TRAINING_",
)


class StackError(Exception):
    """The stack cannot be started, or is not there; the message says what to do."""


@dataclass(frozen=True)
class ProcessSpec:
    """One process of the stack."""

    name: str
    ports: Mapping[str, int]
    environment: Mapping[str, str]

    @property
    def module(self) -> str:
        """What ``python -m`` runs."""
        return "synapse_local_upstream.llama" if self.name == "llama" else f"synapse_{self.name}"

    @property
    def ready_url(self) -> str:
        """Answers 200 once the process can do its work, and why not before."""
        path = "health" if self.name == "llama" else "readyz"  # llama.cpp's server has a name of its own for it
        return f"http://{HOST}:{self.ports.get('metrics', self.ports.get('http'))}/{path}"


@dataclass(frozen=True)
class StackConfig:
    """What to run. `extra` holds more settings by environment name; they win over the stack's own."""

    paths: StackPaths
    moderation_bundle: Path
    clustering_bundle: Path
    drift_reference: Path | None = None
    """Reference window for the drift monitor; None: the moderation bundle's own."""
    ports: Mapping[str, Mapping[str, int]] = field(default_factory=lambda: DEFAULT_PORTS)
    openai_api_key: str | None = None
    llm: bool = False
    """Whether chat is answered by a small language model here; embeddings come from where they come without it."""
    extra: Mapping[str, str] = field(default_factory=dict)

    def address(self, name: str, port: str = "grpc") -> str:
        """``host:port`` of a process."""
        return f"{HOST}:{self.ports[name][port]}"

    def processes(self) -> list[ProcessSpec]:
        """The processes, in the order they are shown. With an OpenAI key the local upstream is not needed."""
        optional = {"local_upstream": not self.openai_api_key, "llama": self.llm}
        names = [name for name in self.ports if optional.get(name, True)]
        return [ProcessSpec(name, self.ports[name], self._environment(name)) for name in names]

    def _environment(self, name: str) -> dict[str, str]:
        prefix = f"SYNAPSE_{name.upper()}_"
        settings = {**self._common(name), **getattr(self, f"_{name}")()}
        own = {f"{prefix}{key}": value for key, value in settings.items()}
        given = {key: value for key, value in self.extra.items() if key.startswith(prefix)}
        return {**own, **given}

    def _common(self, name: str) -> dict[str, str]:
        ports = {f"{kind.upper()}_PORT": str(port) for kind, port in self.ports[name].items() if kind != "http"}
        if "http" in self.ports[name]:  # the upstreams: plain HTTP on loopback
            return {"PORT": str(self.ports[name]["http"])}
        certificates = self.paths.certificates
        return {
            "HOST": HOST,
            **ports,
            "TLS__CERTIFICATE": str(certificates / f"{name}.pem"),
            "TLS__KEY": str(certificates / f"{name}.key"),
            "TLS__CA": str(self.paths.ca),
        }

    def _upstream(self, override: str) -> dict[str, str]:
        """Where a model is asked, unless the caller set `override` to another server: a key goes to OpenAI alone."""
        if override in self.extra:
            return {}
        if self.openai_api_key:
            return {"BASE_URL": OPENAI_BASE_URL, "API_KEY": self.openai_api_key}
        return {"BASE_URL": f"http://{self.address('local_upstream', 'http')}/v1"}

    def _local_upstream(self) -> dict[str, str]:
        return {}

    def _llama(self) -> dict[str, str]:
        return {}

    def _moderation(self) -> dict[str, str]:
        return {"BUNDLE": str(self.moderation_bundle)}

    def _clustering(self) -> dict[str, str]:
        return {"BUNDLE": str(self.clustering_bundle)}

    def _embeddings(self) -> dict[str, str]:
        model = "text-embedding-3-large" if self.openai_api_key else "synapse-embeddings"
        return {"DEFAULT_MODEL": model, **self._upstream("SYNAPSE_EMBEDDINGS_BASE_URL")}

    def _drift_monitor(self) -> dict[str, str]:
        reference = {"REFERENCE": str(self.drift_reference)} if self.drift_reference else {}
        return {"BUNDLE": str(self.moderation_bundle), "REPORT_FOLDER": str(self.paths.reports), **reference}

    def _chat_upstream(self) -> dict[str, str]:
        override = "SYNAPSE_GATEWAY_UPSTREAM__BASE_URL"
        if self.llm and override not in self.extra:
            return {"BASE_URL": f"http://{self.address('llama', 'http')}/v1", "MODEL": "synapse-llama"}
        model = "gpt-4" if self.openai_api_key else "synapse-retrieval"
        return {"MODEL": model, **self._upstream(override)}

    def _gateway(self) -> dict[str, str]:
        peers = {
            f"PEERS__{name.upper()}": self.address(name)
            for name in ("moderation", "clustering", "embeddings", "drift_monitor")
        }
        return {
            **peers,
            **{f"UPSTREAM__{key}": value for key, value in self._chat_upstream().items()},
            "AUTH__PUBLIC_KEY": str(self.paths.issuer_key),
            "FEEDBACK_FOLDER": str(self.paths.feedback),
        }


def free_ports() -> dict[str, dict[str, int]]:
    """Ports nobody listens on now, one for each that the stack needs."""
    needed = [(name, kind) for name, kinds in DEFAULT_PORTS.items() for kind in kinds]
    chosen: dict[str, dict[str, int]] = {}
    for (name, kind), port in zip(needed, ports.free_ports(len(needed)), strict=True):
        chosen.setdefault(name, {})[kind] = port
    return chosen


def settings_from_environment() -> dict[str, str]:
    """The caller's own SYNAPSE_* names, so that any service's setting can be changed without editing anything.

    Raises:
        StackError: a name that nothing here reads; a typo would go unnoticed.
    """
    given = {name: value for name, value in os.environ.items() if name.startswith("SYNAPSE_")}
    prefixes = tuple(f"SYNAPSE_{name.upper()}_" for name in DEFAULT_PORTS)
    unknown = sorted(name for name in given if not name.startswith((*prefixes, *_NOT_FOR_SERVICES)))
    if unknown:
        raise StackError(f"nothing reads {', '.join(unknown)}; services' settings begin with {', '.join(prefixes)}")
    return given
