from __future__ import annotations

from pathlib import Path

import pytest
import typer
from synapse_cli.options import connection
from synapse_cli.stack import StackError


def test_an_address_needs_an_authority_and_a_token(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="--token"):
        connection(tmp_path, "gateway:8443", tmp_path / "ca.pem", None)
    found = connection(tmp_path, "gateway:8443", tmp_path / "ca.pem", "token")
    assert (found.address, found.token) == ("gateway:8443", "token")


def test_without_an_address_the_local_stack_is_called(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="synapse up"):
        connection(tmp_path, None, None, None)
