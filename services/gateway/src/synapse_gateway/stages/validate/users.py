"""Rules of a clustering request; the features themselves are the model's matter."""

from __future__ import annotations

from synapse_common.errors import InvalidInput

from synapse_gateway.exchange import UsersExchange
from synapse_gateway.settings import LimitSettings
from synapse_gateway.stages.validate.identifiers import check_identifier


class ValidateUsers:
    """Checks the number of users and their ids."""

    name = "validate"

    def __init__(self, limits: LimitSettings) -> None:
        self._limits = limits

    async def __call__(self, exchange: UsersExchange) -> None:
        """Check the request.

        Raises:
            InvalidInput: names the field that breaks a rule.
        """
        count, limit = len(exchange.users), self._limits.max_batch
        if not 1 <= count <= limit:
            raise InvalidInput(f"users must hold 1 to {limit} entries, not {count}", field="users")
        for index, user in enumerate(exchange.users):
            check_identifier(user.user_id, f"users[{index}].user_id")
