import os
from pathlib import Path

import pytest
from synapse_common.errors import ConfigurationError
from synapse_common.settings import load_settings
from synapse_moderation.settings import ModerationSettings

PREFIX = "SYNAPSE_MODERATION_"


@pytest.fixture(autouse=True)
def needed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TLS__CERTIFICATE", "TLS__KEY", "TLS__CA"):
        monkeypatch.setenv(f"{PREFIX}{name}", "/tls.pem")
    monkeypatch.setenv(f"{PREFIX}BUNDLE", "/models/moderation")


def test_only_the_bundle_and_the_tls_files_must_be_given() -> None:
    settings = load_settings(ModerationSettings)
    assert settings.bundle == Path("/models/moderation")
    assert (settings.grpc_port, settings.rest_port, settings.metrics_port) == (8501, 8511, 9101)
    assert settings.device == "auto"


def test_there_are_as_many_workers_as_cores_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 3, 5}, raising=False)
    assert load_settings(ModerationSettings).workers == 3
    monkeypatch.delattr(os, "sched_getaffinity")  # as on a Mac
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert load_settings(ModerationSettings).workers == 7


@pytest.mark.parametrize("name", ["WORKERS", "MAX_BATCH", "MAX_TEXT_CHARS", "MAX_WAITING_TEXTS", "JOB_TEXTS"])
def test_limits_are_at_least_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}{name}", "0")
    with pytest.raises(ConfigurationError, match=f"{PREFIX}{name}"):
        load_settings(ModerationSettings)
