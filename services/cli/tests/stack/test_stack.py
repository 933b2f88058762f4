from __future__ import annotations

from pathlib import Path

import pytest
from synapse_cli.stack import LocalStack, StackConfig, StackError, StackPaths
from synapse_cli.stack.config import free_ports


def test_without_a_started_stack_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="synapse up"):
        LocalStack.load(StackPaths(tmp_path))


def test_when_one_process_cannot_start_none_is_left_running(tmp_path: Path) -> None:
    config = StackConfig(
        paths=StackPaths(tmp_path),
        moderation_bundle=tmp_path / "none",
        clustering_bundle=tmp_path / "none",
        ports=free_ports(),
        extra={"SYNAPSE_MODERATION_NO_SUCH_SETTING": "1"},
    )
    seen: list[LocalStack] = []
    with pytest.raises(StackError, match="NO_SUCH_SETTING"), LocalStack.running(config) as stack:
        seen.append(stack)
    assert not seen
    assert not config.paths.state.exists()
    assert config.paths.token.stat().st_mode & 0o777 == 0o600
