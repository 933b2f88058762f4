"""What the caller may do: the role table of `synapse_gateway.roles`."""

from __future__ import annotations

from synapse_common.errors import PermissionDenied

from synapse_gateway.exchange import Exchange
from synapse_gateway.roles import may_call


class Authorise:
    """Refuses methods that none of the caller's roles may call."""

    name = "authorise"

    async def __call__(self, exchange: Exchange) -> None:
        """Check the method.

        Raises:
            PermissionDenied: the caller's roles do not allow it.
        """
        call = exchange.call
        if not may_call(call.caller.roles, call.method):
            raise PermissionDenied("your roles do not allow this method")
