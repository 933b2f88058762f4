import pytest
from gateway_fakes.exchanges import call
from synapse_common.errors import PermissionDenied
from synapse_gateway.exchange import Exchange
from synapse_gateway.stages.authorise import Authorise


async def test_a_role_opens_its_methods() -> None:
    await Authorise()(Exchange(call("user", method="/synapse.v1.ChatService/Complete")))


@pytest.mark.parametrize("roles", [("viewer",), ("admin",)])
async def test_other_methods_stay_shut(roles: tuple[str, ...]) -> None:
    with pytest.raises(PermissionDenied):
        await Authorise()(Exchange(call(*roles, method="/synapse.v1.ChatService/Complete")))
