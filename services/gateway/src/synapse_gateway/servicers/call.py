"""What a servicer takes from the call's context."""

from __future__ import annotations

from typing import Any, TypeAlias

import grpc

from synapse_gateway.deadline import Deadline
from synapse_gateway.exchange import Call

Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]


def call_of(method: str, context: Context) -> Call:
    """The call as the guard sees it: method, token and deadline."""
    metadata = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
    return Call(method, metadata.get("authorization"), Deadline.after(context.time_remaining()))
