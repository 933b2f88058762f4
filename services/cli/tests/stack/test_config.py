from __future__ import annotations

from pathlib import Path

import pytest
from synapse_cli.stack import StackConfig, StackError, StackPaths
from synapse_cli.stack.config import DEFAULT_PORTS, OPENAI_BASE_URL, free_ports, settings_from_environment


def make_config(**changes: object) -> StackConfig:
    values = {
        "paths": StackPaths(Path("/stack")),
        "moderation_bundle": Path("/bundles/moderation"),
        "clustering_bundle": Path("/bundles/clustering"),
    }
    return StackConfig(**{**values, **changes})  # type: ignore[arg-type]  # a test's shorthand


def environment(config: StackConfig, name: str) -> dict[str, str]:
    return dict(next(spec for spec in config.processes() if spec.name == name).environment)


def test_every_service_gets_its_own_identity_and_ports() -> None:
    config = make_config()
    for name in ("gateway", "moderation", "clustering", "embeddings", "drift_monitor"):
        settings = environment(config, name)
        prefix = f"SYNAPSE_{name.upper()}_"
        assert settings[f"{prefix}TLS__KEY"] == f"/stack/certs/{name}.key"
        assert settings[f"{prefix}GRPC_PORT"] == str(DEFAULT_PORTS[name]["grpc"])
        assert all(key.startswith(prefix) for key in settings)


def test_without_a_key_the_local_upstream_answers() -> None:
    config = make_config()
    assert "local_upstream" in [spec.name for spec in config.processes()]
    assert environment(config, "gateway")["SYNAPSE_GATEWAY_UPSTREAM__BASE_URL"] == "http://127.0.0.1:8600/v1"


def test_with_a_key_openai_answers_and_nothing_local_is_started() -> None:
    config = make_config(openai_api_key="sk-test")
    assert "local_upstream" not in [spec.name for spec in config.processes()]
    settings = environment(config, "gateway")
    assert settings["SYNAPSE_GATEWAY_UPSTREAM__BASE_URL"] == OPENAI_BASE_URL
    assert settings["SYNAPSE_GATEWAY_UPSTREAM__API_KEY"] == "sk-test"
    assert environment(config, "embeddings")["SYNAPSE_EMBEDDINGS_DEFAULT_MODEL"] == "text-embedding-3-large"


def test_the_callers_settings_win_and_reach_only_their_service() -> None:
    config = make_config(extra={"SYNAPSE_MODERATION_MAX_BATCH": "3", "SYNAPSE_MODERATION_BUNDLE": "/other"})
    settings = environment(config, "moderation")
    assert settings["SYNAPSE_MODERATION_MAX_BATCH"] == "3"
    assert settings["SYNAPSE_MODERATION_BUNDLE"] == "/other"
    assert "SYNAPSE_MODERATION_MAX_BATCH" not in environment(config, "gateway")


def test_free_ports_are_all_different() -> None:
    ports = [port for kinds in free_ports().values() for port in kinds.values()]
    assert len(ports) == len(set(ports)) == sum(len(kinds) for kinds in DEFAULT_PORTS.values())


def test_the_key_goes_to_no_other_server_than_openai() -> None:
    other = "https://llm.example.com/v1"
    config = make_config(openai_api_key="sk-test", extra={"SYNAPSE_GATEWAY_UPSTREAM__BASE_URL": other})
    settings = environment(config, "gateway")
    assert settings["SYNAPSE_GATEWAY_UPSTREAM__BASE_URL"] == other
    assert "sk-test" not in settings.values()
    assert environment(config, "embeddings")["SYNAPSE_EMBEDDINGS_API_KEY"] == "sk-test"


def test_a_name_that_nothing_reads_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPSE_DATA_DIR", "/data")
    monkeypatch.setenv("SYNAPSE_GATEWAY_LOG_LEVEL", "debug")
    assert settings_from_environment()["SYNAPSE_GATEWAY_LOG_LEVEL"] == "debug"
    monkeypatch.setenv("SYNAPSE_GATWAY_LOG_LEVEL", "debug")
    with pytest.raises(StackError, match="SYNAPSE_GATWAY_LOG_LEVEL"):
        settings_from_environment()


@pytest.mark.parametrize("key", [None, "sk-test"])
def test_the_language_model_answers_chats_and_nothing_else(key: str | None) -> None:
    config = make_config(llm=True, openai_api_key=key)
    spec = next(spec for spec in config.processes() if spec.name == "llama")
    assert spec.module == "synapse_local_upstream.llama"
    assert spec.ready_url == "http://127.0.0.1:8700/health"
    assert dict(spec.environment) == {"SYNAPSE_LLAMA_PORT": "8700"}
    settings = environment(config, "gateway")
    assert settings["SYNAPSE_GATEWAY_UPSTREAM__BASE_URL"] == "http://127.0.0.1:8700/v1"
    assert settings["SYNAPSE_GATEWAY_UPSTREAM__MODEL"] == "synapse-llama"
    assert "sk-test" not in settings.values()
    without = make_config(openai_api_key=key)
    assert environment(config, "embeddings") == environment(without, "embeddings")
    assert "llama" not in [spec.name for spec in without.processes()]


def test_a_server_that_the_caller_names_wins_over_the_language_model() -> None:
    other = "https://llm.example.com/v1"
    settings = environment(make_config(llm=True, extra={"SYNAPSE_GATEWAY_UPSTREAM__BASE_URL": other}), "gateway")
    assert settings["SYNAPSE_GATEWAY_UPSTREAM__BASE_URL"] == other
