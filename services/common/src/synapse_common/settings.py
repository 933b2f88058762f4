"""Typed settings from the environment and a TOML file, checked at start.

Order of precedence: environment, file, defaults. The file is named by ``<PREFIX>CONFIG_FILE``, for example
``SYNAPSE_GATEWAY_CONFIG_FILE=/etc/synapse/gateway.toml``. Unknown names are refused in both, so a typo is an error at
start and not a setting that silently does nothing.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from synapse_common.errors import ConfigurationError

Port = Annotated[int, Field(ge=1, le=65535)]


class TlsSettings(BaseModel):
    """Where a process finds its own certificate and the authority it trusts (PEM files)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    certificate: Path
    key: Path
    ca: Path = Field(description="authority that peers' certificates must be signed by")


class SynapseSettings(BaseSettings):
    """Settings of any process: environment over file over defaults, unknown names refused. Set `env_prefix`."""

    model_config = SettingsConfigDict(env_nested_delimiter="__", extra="forbid", frozen=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  (pydantic-settings names all five)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over file over defaults; no dotenv, no secrets folder: one way each."""
        file = _config_file(settings_cls)
        sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, env_settings)
        return (*sources, TomlConfigSettingsSource(settings_cls, toml_file=file)) if file else sources


class ServiceSettings(SynapseSettings):
    """What every service can be told. Subclasses add their own fields and set `env_prefix`."""

    host: str = Field("127.0.0.1", description="address to listen on")
    grpc_port: Port = Field(description="port of the gRPC server (TLS 1.3)")
    metrics_port: Port = Field(description="port of /metrics, /livez and /readyz (plain HTTP, inside the cluster)")
    tls: TlsSettings
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    otlp_endpoint: str | None = Field(None, description="OTLP/gRPC collector for traces, e.g. http://collector:4317")
    drain_delay_s: float = Field(
        0.0, ge=0, description="on SIGTERM: report NOT_SERVING for this long before refusing calls, so balancers notice"
    )
    drain_grace_s: float = Field(20.0, gt=0, description="on SIGTERM: time that calls in flight get to finish")
    start_retry_s: float = Field(2.0, gt=0, description="pause between attempts to become ready")
    max_message_bytes: int = Field(4 * 1024 * 1024, gt=0, description="largest gRPC message accepted")
    max_concurrent_rpcs: int = Field(1024, gt=0, description="calls in flight above this are refused")


S = TypeVar("S", bound=SynapseSettings)


def load_settings(cls: type[S], **told: Any) -> S:
    """Read and check the settings of one process; those in `told`, such as a command's options, come before all others.

    Raises:
        ConfigurationError: names every offending setting and what is wrong with it, never its value.
    """
    _refuse_unknown_names(cls)
    file = _config_file(cls)
    if file is not None and not file.is_file():  # pydantic-settings takes a missing file for an empty one
        raise ConfigurationError(f"{_prefix(cls)}CONFIG_FILE names {file}, which is not a file")
    try:
        return cls(**told)
    except ValidationError as error:
        raise ConfigurationError(_explain(cls, error)) from None
    except SettingsError as error:  # a nested setting given as one JSON value that is not JSON
        raise ConfigurationError(f"settings cannot be read: {error}") from None
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"the settings file {file} cannot be read: {error}") from None


def _config_file(cls: type[BaseSettings]) -> Path | None:
    name = os.environ.get(f"{_prefix(cls)}CONFIG_FILE")
    return Path(name) if name else None


def _prefix(cls: type[BaseSettings]) -> str:
    return str(cls.model_config.get("env_prefix", ""))


def _refuse_unknown_names(cls: type[SynapseSettings]) -> None:
    """pydantic-settings ignores environment names that match no field; a typo would go unnoticed."""
    prefix = _prefix(cls)
    known = {f"{prefix}{name}".upper() for name in cls.model_fields} | {f"{prefix}CONFIG_FILE"}
    # Names inside a nested setting are checked by its model.
    nested = tuple(
        f"{prefix}{name}__".upper() for name, field in cls.model_fields.items() if _has_parts(field.annotation)
    )
    given = {name: name.upper() for name in os.environ if name.upper().startswith(prefix)}
    unknown = sorted(name for name, upper in given.items() if upper not in known and not upper.startswith(nested))
    if unknown:
        raise ConfigurationError(f"unknown settings: {', '.join(unknown)}; known are: {', '.join(sorted(known))}")


def _has_parts(annotation: Any) -> bool:
    """Whether a setting of this type may be given part by part: a model or a table, perhaps optional."""
    types = (get_origin(item) or item for item in (annotation, *get_args(annotation)))
    return any(isinstance(item, type) and issubclass(item, BaseModel | dict) for item in types)


def _explain(cls: type[SynapseSettings], error: ValidationError) -> str:
    prefix = _prefix(cls)
    lines = [
        f"{prefix}{'__'.join(str(part) for part in item['loc']).upper()}: {item['msg']}"
        for item in error.errors(include_input=False, include_url=False, include_context=False)
    ]
    return "settings are missing or wrong:\n  " + "\n  ".join(lines)
