import pytest
from gateway_fakes.exchanges import batch
from synapse_common.errors import InvalidInput
from synapse_gateway.settings import LimitSettings
from synapse_gateway.stages.validate.batch import ValidateBatch

LIMITS = LimitSettings(max_batch=2, max_text_chars=5)


async def test_a_batch_within_its_limits_passes() -> None:
    await ValidateBatch(LIMITS)(batch("a", "12345"))


@pytest.mark.parametrize(
    ("texts", "field"),
    [((), "inputs"), (("a", "b", "c"), "inputs"), (("a", " "), "inputs[1]"), (("123456",), "inputs[0]")],
)
async def test_what_breaks_a_rule_is_refused_by_name(texts: tuple[str, ...], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await ValidateBatch(LIMITS)(batch(*texts, field_name="inputs"))
    assert caught.value.field == field
