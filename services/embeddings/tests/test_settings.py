import pytest
from synapse_common.errors import ConfigurationError
from synapse_common.settings import load_settings
from synapse_embeddings.settings import EmbeddingsSettings


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CERTIFICATE", "KEY", "CA"):
        monkeypatch.setenv(f"SYNAPSE_EMBEDDINGS_TLS__{name}", "x.pem")


def test_defaults() -> None:
    settings = load_settings(EmbeddingsSettings)
    assert (settings.grpc_port, settings.metrics_port) == (8503, 9103)
    assert settings.default_model == "text-embedding-3-large"


def test_values_from_the_environment_and_a_key_that_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPSE_EMBEDDINGS_BASE_URL", "http://127.0.0.1:8600/v1")
    monkeypatch.setenv("SYNAPSE_EMBEDDINGS_MODELS", '["a", "b"]')
    monkeypatch.setenv("SYNAPSE_EMBEDDINGS_API_KEY", "sk-secret")
    settings = load_settings(EmbeddingsSettings)
    assert settings.models == ("a", "b")
    assert "sk-secret" not in repr(settings)


def test_a_base_url_without_a_scheme_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPSE_EMBEDDINGS_BASE_URL", "localhost:8600")
    with pytest.raises(ConfigurationError, match="SYNAPSE_EMBEDDINGS_BASE_URL"):
        load_settings(EmbeddingsSettings)
