"""Which upstream model answers."""

from __future__ import annotations

from collections.abc import Mapping

from synapse_common.errors import InvalidInput

from synapse_gateway.exchange import ChatExchange
from synapse_gateway.settings import UpstreamSettings

DEFAULT_ALIAS = "chat"


def aliases_of(settings: UpstreamSettings) -> dict[str, str]:
    """Every alias a caller may name, with the upstream's model name."""
    return {DEFAULT_ALIAS: settings.model, **settings.aliases}


class Route:
    """Resolves the model alias of the request."""

    name = "route"

    def __init__(self, aliases: Mapping[str, str]) -> None:
        self._aliases = aliases

    async def __call__(self, exchange: ChatExchange) -> None:
        """Set the upstream model.

        Raises:
            InvalidInput: no such alias.
        """
        alias = exchange.model or DEFAULT_ALIAS
        if alias not in self._aliases:
            known = ", ".join(sorted(self._aliases))
            raise InvalidInput(f"unknown model {alias[:64]!r}; there are: {known}", field="model")
        exchange.upstream_model = self._aliases[alias]
