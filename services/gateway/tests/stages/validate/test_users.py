import pytest
from gateway_fakes.exchanges import call
from synapse_common.errors import InvalidInput
from synapse_gateway.exchange import UserFeatures, UsersExchange
from synapse_gateway.settings import LimitSettings
from synapse_gateway.stages.validate.users import ValidateUsers


def users(*ids: str) -> UsersExchange:
    return UsersExchange(call("service"), [UserFeatures(name, {}) for name in ids])


async def test_named_users_pass() -> None:
    await ValidateUsers(LimitSettings(max_batch=2))(users("u1", "u2"))


@pytest.mark.parametrize(
    ("exchange", "field"), [(users(), "users"), (users("a", "b", "c"), "users"), (users("a", ""), "users[1].user_id")]
)
async def test_what_breaks_a_rule_is_refused_by_name(exchange: UsersExchange, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await ValidateUsers(LimitSettings(max_batch=2))(exchange)
    assert caught.value.field == field
