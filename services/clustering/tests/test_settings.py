import pytest
from synapse_clustering.settings import ClusteringSettings
from synapse_common.errors import ConfigurationError
from synapse_common.settings import load_settings

REQUIRED = {
    "SYNAPSE_CLUSTERING_BUNDLE": "/models/clustering",
    "SYNAPSE_CLUSTERING_TLS__CERTIFICATE": "a.pem",
    "SYNAPSE_CLUSTERING_TLS__KEY": "a.key",
    "SYNAPSE_CLUSTERING_TLS__CA": "ca.pem",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)


def test_defaults() -> None:
    settings = load_settings(ClusteringSettings)
    assert (settings.grpc_port, settings.rest_port, settings.metrics_port) == (8502, 8512, 9102)


def test_a_missing_bundle_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SYNAPSE_CLUSTERING_BUNDLE")
    with pytest.raises(ConfigurationError, match="SYNAPSE_CLUSTERING_BUNDLE: Field required"):
        load_settings(ClusteringSettings)


def test_a_misspelt_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPSE_CLUSTERING_BUNDEL", "x")
    with pytest.raises(ConfigurationError, match="SYNAPSE_CLUSTERING_BUNDEL"):
        load_settings(ClusteringSettings)
