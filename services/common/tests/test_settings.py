from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, SecretStr
from pydantic_settings import SettingsConfigDict
from synapse_common.errors import ConfigurationError
from synapse_common.settings import Port, ServiceSettings, load_settings

PREFIX = "SYNAPSE_SAMPLE_"


class Nested(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = "http://localhost"
    api_key: SecretStr | None = None


class SampleSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX)

    grpc_port: Port = 8000
    metrics_port: Port = 9000
    upstream: Nested = Nested()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("CERTIFICATE", "KEY", "CA"):
        monkeypatch.setenv(f"{PREFIX}TLS__{name}", f"/tls/{name.lower()}.pem")
    return monkeypatch


def config_file(environment: pytest.MonkeyPatch, folder: Path, content: str) -> None:
    file = folder / "sample.toml"
    file.write_text(content)
    environment.setenv(f"{PREFIX}CONFIG_FILE", str(file))


def test_the_environment_wins_over_the_file_and_the_file_over_the_defaults(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config_file(environment, tmp_path, 'grpc_port = 1111\nmetrics_port = 2222\n[upstream]\nbase_url = "http://file"\n')
    environment.setenv(f"{PREFIX}GRPC_PORT", "3333")
    environment.setenv(f"{PREFIX}UPSTREAM__API_KEY", "sk-1")

    settings = load_settings(SampleSettings)

    assert (settings.grpc_port, settings.metrics_port, settings.log_level) == (3333, 2222, "info")
    assert settings.upstream.base_url == "http://file"
    assert settings.upstream.api_key == SecretStr("sk-1")
    assert settings.tls.key == Path("/tls/key.pem")


def test_what_is_told_in_code_wins_over_the_environment_part_by_part(environment: pytest.MonkeyPatch) -> None:
    environment.setenv(f"{PREFIX}GRPC_PORT", "3333")
    environment.setenv(f"{PREFIX}UPSTREAM__API_KEY", "sk-1")
    settings = load_settings(SampleSettings, grpc_port=4444, upstream={"base_url": "http://told"})
    assert settings.grpc_port == 4444
    assert settings.upstream == Nested(base_url="http://told", api_key=SecretStr("sk-1"))


def test_names_are_the_same_in_lower_case(environment: pytest.MonkeyPatch) -> None:
    environment.setenv(f"{PREFIX}grpc_port", "3333")
    assert load_settings(SampleSettings).grpc_port == 3333


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GRPC_PROT", "1"),
        ("UPSTREAM__BASEURL", "http://x"),
        ("TLS__CERT", "/x"),
        ("GRPC_PORT__X", "1"),
        ("UPSTREAM_BASE_URL", "http://x"),
    ],
)
def test_a_name_that_is_not_a_setting_is_refused_and_named(
    name: str, value: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv(f"{PREFIX}{name}", value)
    with pytest.raises(ConfigurationError, match=f"{PREFIX}{name}"):
        load_settings(SampleSettings)


@pytest.mark.parametrize("content", ["grpc_prot = 1", "[upstream]\nbaseurl = 1", "[tls]\ncert = '/x'"])
def test_a_name_in_the_file_that_is_not_a_setting_is_refused_and_named(
    content: str, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config_file(environment, tmp_path, content)
    with pytest.raises(ConfigurationError, match=r"(?i)grpc_prot|baseurl|tls__cert"):
        load_settings(SampleSettings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GRPC_PORT", "hunter2"),
        ("GRPC_PORT", "-70001"),
        ("LOG_LEVEL", "hunter2"),
        ("DRAIN_GRACE_S", "hunter2"),
        ("UPSTREAM", '{"base_url": ["hunter2"]}'),
        ("UPSTREAM", "hunter2 is not JSON"),
    ],
)
def test_a_wrong_value_is_named_by_its_setting_and_never_shown(
    name: str, value: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv(f"{PREFIX}{name}", value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(SampleSettings)
    assert name in str(caught.value).upper()
    assert "hunter2" not in str(caught.value)
    assert "70001" not in str(caught.value)


def test_every_problem_is_told_at_once(environment: pytest.MonkeyPatch) -> None:
    environment.setenv(f"{PREFIX}GRPC_PORT", "0")
    environment.delenv(f"{PREFIX}TLS__KEY")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(SampleSettings)
    assert f"{PREFIX}GRPC_PORT" in str(caught.value)
    assert f"{PREFIX}TLS__KEY" in str(caught.value)


@pytest.mark.parametrize("content", [None, "grpc_port = ", "grpc_port = 1\n\xff"])
def test_a_settings_file_that_cannot_be_read_is_named(
    content: str | None, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "sample.toml"
    if content is not None:
        file.write_bytes(content.encode("latin-1"))
    environment.setenv(f"{PREFIX}CONFIG_FILE", str(file))
    with pytest.raises(ConfigurationError, match=str(file)):
        load_settings(SampleSettings)
