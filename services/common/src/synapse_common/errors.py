"""The exception hierarchy of every service.

Code raises these; one place (`synapse_common.server.errors`) turns them into gRPC statuses and the REST edge into HTTP
statuses. Messages are shown to callers, so they never carry message text, secrets or stack traces.
"""
# ruff: noqa: N818  (named as the gRPC statuses they become)

from __future__ import annotations

from typing import ClassVar

import grpc


class SynapseError(Exception):
    """Base of all errors whose message may be shown to a caller.

    Args:
        message: what is wrong and what to do next, in one sentence.
        field: path of the offending request field, when there is one, for example ``messages[2].content``.
        retry_after_s: seconds after which the same call may work, when known.
    """

    code: ClassVar[grpc.StatusCode] = grpc.StatusCode.INTERNAL

    def __init__(self, message: str, *, field: str | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.retry_after_s = retry_after_s


class InvalidInput(SynapseError):
    """The request breaks a rule; sending it again unchanged cannot work."""

    code = grpc.StatusCode.INVALID_ARGUMENT


class NotFound(SynapseError):
    """The request names something that does not exist here."""

    code = grpc.StatusCode.NOT_FOUND


class Unauthenticated(SynapseError):
    """The caller did not prove who it is."""

    code = grpc.StatusCode.UNAUTHENTICATED


class PermissionDenied(SynapseError):
    """The caller is known but may not do this."""

    code = grpc.StatusCode.PERMISSION_DENIED


class ResourceExhausted(SynapseError):
    """A limit or a queue is full; `retry_after_s` says when to try again."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED


class Unavailable(SynapseError):
    """Something this call needs is away for now; the call may be retried."""

    code = grpc.StatusCode.UNAVAILABLE


class DeadlineExceeded(SynapseError):
    """The caller's deadline, or a stage's own timeout, passed before the answer was there."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED


class Internal(SynapseError):
    """A fault of ours. The message shown is always the generic one of the interceptor."""

    code = grpc.StatusCode.INTERNAL


class ConfigurationError(SynapseError):
    """A setting, a file or a bundle that a service needs at start is missing or wrong."""

    code = grpc.StatusCode.FAILED_PRECONDITION
