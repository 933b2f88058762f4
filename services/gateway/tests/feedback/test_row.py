import json

import pytest
from pydantic import ValidationError
from synapse_common.schemas import FeedbackRow
from synapse_gateway.feedback.row import StoredFeedback


def new(**changes: object) -> StoredFeedback:
    given = {"conversation_id": "c", "message_id": "m", "rating": 4, "reason": None, "user": "p", **changes}
    return StoredFeedback.new(**given)


def test_a_line_holds_the_tables_columns_and_more() -> None:
    line = json.loads(new().model_dump_json())
    row = FeedbackRow.model_validate({name: line[name] for name in FeedbackRow.model_fields})
    assert (row.rating, row.report, row.source) == (4.0, False, "gateway")
    assert line["user"] == "p"
    assert line["timestamp"].endswith("Z")


def test_a_report_has_no_rating_and_a_whole_conversation_no_message() -> None:
    row = new(rating=None, reason="harmful", message_id="")
    assert (row.rating, row.report, row.reason, row.message_id) == (None, True, "harmful", None)


def test_ids_differ() -> None:
    assert new().feedback_id != new().feedback_id


def test_what_the_table_would_refuse_is_never_stored() -> None:
    with pytest.raises(ValidationError):
        new(rating=9)
    with pytest.raises(ValidationError):
        new(rating=None, reason=None)
