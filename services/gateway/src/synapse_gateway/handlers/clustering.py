"""Assignment of users to clusters."""

from __future__ import annotations

from synapse_gateway.clients.clustering import Assignments, ClusteringClient
from synapse_gateway.exchange import UsersExchange
from synapse_gateway.guard import Guard


class ClusteringHandler:
    """Guards the request and asks the predictor."""

    def __init__(self, guard: Guard, client: ClusteringClient) -> None:
        self._guard = guard
        self._client = client

    async def assign(self, exchange: UsersExchange) -> Assignments:
        """Assign the users, in order."""
        await self._guard.clustering.run(exchange)
        return await self._client.assign(exchange.users, exchange.call.deadline)
