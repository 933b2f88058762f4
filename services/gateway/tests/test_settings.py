from pathlib import Path

import pytest
from synapse_common.errors import ConfigurationError
from synapse_common.settings import load_settings
from synapse_gateway.settings import GatewaySettings

PREFIX = "SYNAPSE_GATEWAY_"
NEEDED = {
    "TLS__CERTIFICATE": "c.pem",
    "TLS__KEY": "k.pem",
    "TLS__CA": "ca.pem",
    "AUTH__PUBLIC_KEY": "issuer.pem",
    "UPSTREAM__BASE_URL": "http://127.0.0.1:8600/v1",
    "FEEDBACK_FOLDER": "feedback",
}


def load(monkeypatch: pytest.MonkeyPatch, **values: str) -> GatewaySettings:
    for name, value in {**NEEDED, **values}.items():
        monkeypatch.setenv(PREFIX + name, value)
    return load_settings(GatewaySettings)


def test_the_needed_names_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch)
    assert (settings.grpc_port, settings.metrics_port) == (8443, 9100)
    assert settings.peers.moderation == "127.0.0.1:8501"
    assert settings.feedback_folder == Path("feedback")
    assert settings.guard.moderate_input_on_failure == "closed"


def test_nested_names_reach_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(
        monkeypatch,
        PEERS__CLUSTERING="cluster:1",
        UPSTREAM__MODEL="m",
        UPSTREAM__ALIASES='{"fast": "tiny"}',
        LIMITS__RATE="5/second",
        GUARD__LIMIT_ON_FAILURE="open",
    )
    assert settings.peers.clustering == "cluster:1"
    assert settings.upstream.aliases == {"fast": "tiny"}
    assert settings.limits.rate == "5/second"
    assert settings.guard.limit_on_failure == "open"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PEERS__MODERATION", "nowhere"),
        ("PEERS__TYPO", "x:1"),
        ("LIMITS__RATE", "many"),
        ("LIMITS__STORAGE", "memory://"),
        ("GUARD__LIMIT_ON_FAILURE", "maybe"),
        ("STREAM__MAX_WINDOW_CHARS", "10"),
        ("LIMITS__MAX_TEXT_CHARS", "0"),
        ("TYPO", "1"),
    ],
)
def test_a_wrong_value_or_name_is_refused_and_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=PREFIX + name.split("__", maxsplit=1)[0]):
        load(monkeypatch, **{name: value})


def test_a_drain_lasts_at_least_as_long_as_an_answer_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch)
    assert settings.drain_grace_s > settings.upstream.timeout_s
    with pytest.raises(ConfigurationError, match=r"drain_grace_s .* upstream\.timeout_s"):
        load(monkeypatch, UPSTREAM__TIMEOUT_S="60")
    load(monkeypatch, UPSTREAM__TIMEOUT_S="60", DRAIN_GRACE_S="60")


def test_openai_needs_a_key_and_an_error_never_shows_one(monkeypatch: pytest.MonkeyPatch) -> None:
    openai = {"UPSTREAM__BASE_URL": "https://api.openai.com/v1"}
    with pytest.raises(ConfigurationError, match="api_key"):
        load(monkeypatch, **openai)
    load(monkeypatch, **openai, UPSTREAM__API_KEY="sk-secret")
    with pytest.raises(ConfigurationError) as caught:
        load(monkeypatch, **openai, UPSTREAM__API_KEY="sk-secret", UPSTREAM__TIMEOUT_S="-1")
    assert "sk-secret" not in str(caught.value)
