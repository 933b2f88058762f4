"""A gateway that is told to stop while calls come in."""

from __future__ import annotations

import threading

import grpc
import pytest
from synapse.v1 import moderation_pb2
from synapse_cli.client import Connection, open_gateway
from synapse_cli.stack import LocalStack, StackConfig
from synapse_common.testing import eventually

# One worker runs all that shares the session's stack.
pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("stack")]

TIMEOUT_S = 30

# gRPC says CANCELLED of a call that had arrived but was with no handler yet when the server stopped.
NEVER_BEGUN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)


def code_of(error: grpc.RpcError) -> grpc.StatusCode:
    assert isinstance(error, grpc.Call)
    return error.code()


def test_a_gateway_that_drains_under_load_fails_no_call_in_flight(
    stack: LocalStack, stack_config: StackConfig, connection: Connection
) -> None:
    """SIGTERM to the gateway in the middle of steady traffic: each call ends OK or was never begun."""
    stop = threading.Event()
    failures: list[grpc.StatusCode] = []
    answered = 0
    lock = threading.Lock()

    def send() -> None:
        nonlocal answered
        with open_gateway(connection) as gateway:
            while not stop.is_set():
                try:
                    gateway.moderation.Moderate(moderation_pb2.ModerateRequest(texts=["Hello!"]), timeout=TIMEOUT_S)
                    with lock:
                        answered += 1
                except grpc.RpcError as error:
                    if (code := code_of(error)) not in NEVER_BEGUN:
                        failures.append(code)
                    stop.wait(0.05)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    eventually(lambda: answered >= 20)
    gateway_process = stack.process("gateway")
    gateway_process.terminate()
    gateway_process.wait_ended(30)
    stop.set()
    for thread in threads:
        thread.join()
    stack.restart(stack_config, "gateway").wait_ready(60, lambda *_: None)
    assert not failures
    log = gateway_process.log.read_text()
    assert '"draining"' in log
    assert '"stopped"' in log
