import socket

import pytest
from synapse_common import ports
from synapse_common.ports import HOST, free_port, free_ports


def test_ports_are_different_and_can_be_listened_on() -> None:
    found = free_ports(5)
    assert len(set(found)) == 5
    listeners = [socket.create_server((HOST, port)) for port in found]
    for listener in listeners:
        listener.close()


def test_a_taken_port_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server((HOST, first := free_port())):
        second = free_port()
        draws = iter([first, second])
        monkeypatch.setattr(ports._random, "choice", lambda _range: next(draws))
        assert free_port() == second


def test_where_all_are_taken_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server((HOST, taken := free_port())):
        monkeypatch.setattr(ports, "_RANGE", range(taken, taken + 1))
        with pytest.raises(OSError, match="no free port found"):
            free_port()
