import pytest
from gateway_fakes.exchanges import call
from synapse_common.errors import InvalidInput
from synapse_gateway.exchange import FeedbackExchange
from synapse_gateway.stages.validate.feedback import ValidateFeedback


@pytest.mark.parametrize(
    "given", [{"rating": 1}, {"rating": 5}, {"reason": "harmful"}, {"rating": 3, "message_id": "irc:#a:2004-10-01"}]
)
async def test_what_keeps_the_rules_passes(given: dict[str, object]) -> None:
    await ValidateFeedback()(FeedbackExchange(call(), **{"conversation_id": "c", "message_id": "", **given}))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"rating": 0}, "rating"),
        ({"rating": 6}, "rating"),
        ({"reason": ""}, "reason"),
        ({"rating": 3, "conversation_id": ""}, "conversation_id"),
        ({"rating": 3, "conversation_id": "é"}, "conversation_id"),
        ({"rating": 3, "message_id": "a\nb"}, "message_id"),
    ],
)
async def test_what_breaks_one_is_refused_by_name(given: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await ValidateFeedback()(FeedbackExchange(call(), **{"conversation_id": "c", "message_id": "", **given}))
    assert caught.value.field == field
