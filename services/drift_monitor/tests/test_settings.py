import pytest
from synapse_common.errors import ConfigurationError
from synapse_common.settings import load_settings
from synapse_drift_monitor.settings import DriftMonitorSettings


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"BUNDLE": "/models/moderation", "REPORT_FOLDER": "/reports"}
    values |= {f"TLS__{name}": "x.pem" for name in ("CERTIFICATE", "KEY", "CA")}
    for name, value in values.items():
        monkeypatch.setenv(f"SYNAPSE_DRIFT_MONITOR_{name}", value)


def test_defaults() -> None:
    settings = load_settings(DriftMonitorSettings)
    assert (settings.grpc_port, settings.metrics_port) == (8504, 9104)
    assert (settings.window_size, settings.min_events) == (2000, 100)


def test_routes_are_a_json_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNAPSE_DRIFT_MONITOR_ROUTES", '["moderate"]')
    assert load_settings(DriftMonitorSettings).routes == ("moderate",)


@pytest.mark.parametrize("routes", ["[]", '["chat_inputs"]'])
def test_no_route_or_an_unknown_one_is_refused(monkeypatch: pytest.MonkeyPatch, routes: str) -> None:
    monkeypatch.setenv("SYNAPSE_DRIFT_MONITOR_ROUTES", routes)
    with pytest.raises(ConfigurationError, match="SYNAPSE_DRIFT_MONITOR_ROUTES"):
        load_settings(DriftMonitorSettings)
