"""The order of the stages is the guard's promise."""

from pathlib import Path
from typing import Any

import pytest
from gateway_fakes.exchanges import FakeModerator
from gateway_fakes.metering import Metering
from synapse_common.identity import LocalIssuer
from synapse_gateway.chain import FailOpen
from synapse_gateway.guard import Guard, build_guard
from synapse_gateway.settings import GatewaySettings
from synapse_gateway.stages.limit import Limit


def guard(folder: Path, metering: Metering, **overrides: Any) -> Guard:
    key = folder / "key.pem"
    key.write_bytes(LocalIssuer().public_key_pem)
    settings = GatewaySettings(
        **{
            "tls": {"certificate": key, "key": key, "ca": key},
            "auth": {"public_key": key},
            "upstream": {"base_url": "http://127.0.0.1:1/v1"},
            "feedback_folder": folder,
            **overrides,
        }
    )
    limit = Limit(settings.limits.rate, settings.limits.storage)
    return build_guard(settings, limit, FakeModerator(), None, None, metering.metrics)  # type: ignore[arg-type]  # not called


ACCESS = ("authenticate", "authorise", "limit")


async def test_each_kind_of_call_passes_its_stages_in_order(tmp_path: Path, metering: Metering) -> None:
    chains = guard(tmp_path, metering)
    assert chains.chat_input.names == (*ACCESS, "validate", "route", "sanitise", "moderate_input", "mask_input")
    assert chains.chat_answer.names == ("upstream", "moderate_output", "mask_output")
    assert chains.chat_window.names == ("moderate_output", "mask_output")
    assert chains.moderation.names == (*ACCESS, "validate_model", "validate", "sanitise", "moderate_batch")
    assert chains.embeddings.names == (*ACCESS, "validate", "sanitise", "mask_input")
    assert chains.clustering.names == (*ACCESS, "validate")
    assert chains.feedback.names == (*ACCESS, "validate")


@pytest.mark.parametrize("stage", ["limit", "moderate_input", "moderate_output"])
async def test_a_stage_fails_open_only_by_its_own_setting(tmp_path: Path, metering: Metering, stage: str) -> None:
    def open_stages(chains: Guard) -> set[str]:
        every = (*chains.chat_input._stages, *chains.chat_answer._stages, *chains.chat_window._stages)
        return {item.name for item in every if isinstance(item, FailOpen)}

    assert open_stages(guard(tmp_path, metering)) == set()
    assert open_stages(guard(tmp_path, metering, guard={f"{stage}_on_failure": "open"})) == {stage}
