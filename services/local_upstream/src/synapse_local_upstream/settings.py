"""Environment of the local upstream (``SYNAPSE_LOCAL_UPSTREAM_...``), and of llama.cpp (``SYNAPSE_LLAMA_...``)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, FilePath
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


class LlamaSettings(SynapseSettings):
    """What the opt-in language model can be told. Plain HTTP, so it belongs on loopback."""

    # A prefix within SYNAPSE_LOCAL_UPSTREAM_ would make each an unknown name of the other.
    model_config = SettingsConfigDict(env_prefix="SYNAPSE_LLAMA_", protected_namespaces=())

    host: str = Field("127.0.0.1", description="address to listen on")
    port: Port = 8700
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    model_path: FilePath | None = Field(
        None, description="a GGUF file with a chat template; the packaged model when not given"
    )
    context_tokens: int = Field(8192, ge=256, description="longest conversation with its answer, in tokens")
    threads: int = Field(2, ge=1, description="processor threads of the model")
