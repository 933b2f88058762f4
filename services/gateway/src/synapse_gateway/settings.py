"""Settings of the gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

import limits as rate_limits
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    SecretStr,
    StringConstraints,
    model_validator,
)
from pydantic_settings import SettingsConfigDict
from synapse_common.identity import AUDIENCE, LOCAL_ISSUER
from synapse_common.settings import Port, ServiceSettings

Address = Annotated[str, StringConstraints(pattern=r"^.+:\d{1,5}$")]
Seconds = Annotated[float, Field(gt=0)]
OnFailure = Literal["closed", "open"]

OPENAI_HOST = "api.openai.com"


def _checked_rate(value: str) -> str:
    rate_limits.parse(value)  # raises ValueError
    return value


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PeerSettings(_Group):
    """The services behind the gateway: where they are, how long to wait, how much to send in one call."""

    moderation: Address = "127.0.0.1:8501"
    clustering: Address = "127.0.0.1:8502"
    embeddings: Address = "127.0.0.1:8503"
    drift_monitor: Address = "127.0.0.1:8504"
    moderation_timeout_s: Seconds = 10.0
    clustering_timeout_s: Seconds = 5.0
    embeddings_timeout_s: Seconds = 30.0
    moderation_max_batch: int = Field(
        default=256, ge=1, description="texts in one call of the predictor; more are split"
    )
    clustering_max_batch: int = Field(
        default=256, ge=1, description="users in one call of the predictor; more are split"
    )


class UpstreamSettings(_Group):
    """The OpenAI-compatible server that answers chats."""

    base_url: HttpUrl = HttpUrl(f"https://{OPENAI_HOST}/v1")
    api_key: SecretStr | None = Field(default=None, description="may be left out for any server but OpenAI's own")
    model: str = Field(
        default="gpt-4", min_length=1, description="the upstream's name of the model behind the alias `chat`"
    )
    aliases: dict[str, str] = Field(
        default={}, description="further model aliases, each with the upstream's model name"
    )
    timeout_s: Seconds = Field(
        default=30.0, description="longest wait for a whole answer, or for a stream's next piece"
    )
    stream_timeout_s: Seconds = Field(default=300.0, description="longest life of one streamed answer")
    default_max_tokens: int = Field(default=512, ge=1, description="bound on the answer where the caller sets none")

    @model_validator(mode="after")
    def _has_a_key_where_one_is_needed(self) -> Self:
        if self.base_url.host == OPENAI_HOST and self.api_key is None:
            raise ValueError("api_key is needed for OpenAI; set it, or set base_url to another server")
        return self


class LimitSettings(_Group):
    """What one call and one caller may ask for."""

    max_text_chars: int = Field(default=8000, ge=1, le=20_000, description="longest text, in Unicode code points")
    max_messages: int = Field(default=64, ge=1, description="longest conversation in one chat call")
    max_batch: int = Field(default=64, ge=1, description="texts or users in one call")
    max_tokens: int = Field(default=4096, ge=1, description="largest max_tokens a caller may ask for")
    max_answer_chars: int = Field(default=20_000, ge=1, description="answers of the upstream are cut off here")
    rate: Annotated[str, AfterValidator(_checked_rate)] = Field(
        default="6000/minute", description="calls of one subject; notation of the limits library"
    )
    storage: str = Field(
        default="async+memory://",
        pattern=r"^async\+(memory|redis|rediss)://",
        description="where calls are counted; async+redis://host:port shares the count between replicas",
    )


class AuthSettings(_Group):
    """Which tokens are accepted: ES256 JSON Web Tokens of one issuer."""

    issuer: str = Field(LOCAL_ISSUER, min_length=1)
    audience: str = Field(AUDIENCE, min_length=1)
    public_key: Path = Field(description="PEM file with the issuer's public key (P-256)")
    leeway_s: float = Field(default=5.0, ge=0, description="clock difference that is forgiven")


class GuardSettings(_Group):
    """What happens when a stage itself cannot work: `closed` fails the call, `open` goes on without the stage."""

    limit_on_failure: OnFailure = "closed"
    moderate_input_on_failure: OnFailure = "closed"
    moderate_output_on_failure: OnFailure = "closed"


class StreamSettings(_Group):
    """How a streamed answer is cut into windows, each moderated and masked before it is shown."""

    min_window_chars: int = Field(default=48, ge=1, description="a sentence end closes a window from here on")
    max_window_chars: int = Field(default=240, ge=1, description="any white space closes a window from here on")
    tail_chars: int = Field(default=200, ge=0, description="text before the window that is moderated with it")
    hold_chars: int = Field(default=2000, ge=200, description="most text held back while it may still be personal data")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.min_window_chars <= self.max_window_chars <= self.hold_chars // 2:
            raise ValueError("min_window_chars <= max_window_chars <= hold_chars / 2 must hold")
        return self


class RecorderSettings(_Group):
    """Prediction events on their way to the drift monitor."""

    queue_size: int = Field(default=10_000, ge=1, description="events waiting; more are dropped and counted")
    batch_size: int = Field(default=256, ge=1, description="most events in one message")
    hold_s: float = Field(default=5.0, ge=0, description="events are dropped once the monitor was away for this long")
    ack_timeout_s: Seconds = Field(default=5.0, description="longest wait for the monitor's acknowledgement")
    flush_s: float = Field(default=2.0, ge=0, description="at shutdown: time to deliver what waits")


class GatewaySettings(ServiceSettings):
    """What the gateway can be told, by ``SYNAPSE_GATEWAY_*``."""

    model_config = SettingsConfigDict(env_prefix="SYNAPSE_GATEWAY_", hide_input_in_errors=True)

    grpc_port: Port = 8443
    metrics_port: Port = 9100
    peers: PeerSettings = PeerSettings()
    upstream: UpstreamSettings
    limits: LimitSettings = LimitSettings()
    auth: AuthSettings
    guard: GuardSettings = GuardSettings()
    stream: StreamSettings = StreamSettings()
    recorder: RecorderSettings = RecorderSettings()
    feedback_folder: Path = Field(description="folder of feedback.jsonl; one gateway at a time writes to it")
    pseudonym_key: SecretStr | None = Field(
        default=None, description="keys the pseudonyms of users; when not set, a key is made once beside the feedback"
    )
    drain_grace_s: float = Field(
        default=35.0,
        gt=0,
        description="on SIGTERM: time that calls in flight get to finish; streams that last longer are cut",
    )

    @model_validator(mode="after")
    def _drains_for_as_long_as_an_answer_takes(self) -> Self:
        if self.drain_grace_s < self.upstream.timeout_s:
            raise ValueError(
                "drain_grace_s must not be shorter than upstream.timeout_s: a drain would cut whole answers"
            )
        return self
