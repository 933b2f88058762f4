"""Settings of the embeddings proxy (environment: ``SYNAPSE_EMBEDDINGS_...``)."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict
from synapse_common.settings import Port, ServiceSettings


class EmbeddingsSettings(ServiceSettings):
    """What the embeddings proxy can be told."""

    model_config = SettingsConfigDict(env_prefix="SYNAPSE_EMBEDDINGS_")

    grpc_port: Port = 8503
    metrics_port: Port = 9103
    base_url: str = Field("https://api.openai.com/v1", pattern=r"^https?://", description="OpenAI-compatible API")
    api_key: SecretStr | None = Field(None, description="key of the upstream; servers on loopback need none")
    default_model: str = Field("text-embedding-3-large", min_length=1, description="model of calls that name none")
    models: tuple[str, ...] = Field((), description="further models that callers may name (JSON list)")
    timeout_s: float = Field(
        10.0, gt=0, description="most time for one upstream call; the caller's deadline may be less"
    )
    max_batch: int = Field(256, ge=1, description="most texts in one call")
    max_text_chars: int = Field(20_000, ge=1, description="longest text, in code points")
