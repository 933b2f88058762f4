import json

import grpc
import pytest
from gateway_fakes.system import System
from synapse.v1 import feedback_pb2 as pb


def lines(system: System) -> list[dict[str, object]]:
    return [json.loads(line) for line in (system.settings.feedback_folder / "feedback.jsonl").read_text().splitlines()]


async def test_a_rating_and_a_report_are_on_disk_when_answered(system: System) -> None:
    async with system.client(system.token("user", subject="ana")) as client:
        rated = await client.feedback.Rate(pb.RateRequest(conversation_id="c", message_id="m", rating=4))
        assert [line["feedback_id"] for line in lines(system)] == [rated.feedback_id]
        reported = await client.feedback.Report(pb.ReportRequest(conversation_id="c", reason=pb.REPORT_REASON_HARMFUL))
    rating, report = lines(system)
    assert (rating["rating"], rating["report"], rating["message_id"], rating["reason"]) == (4.0, False, "m", None)
    assert report["feedback_id"] == reported.feedback_id
    assert (report["rating"], report["report"], report["message_id"], report["reason"]) == (None, True, None, "harmful")
    assert rating["user"] == report["user"] != "ana"


async def test_users_have_different_pseudonyms(system: System) -> None:
    for subject in ("ana", "rui"):
        async with system.client(system.token("user", subject=subject)) as client:
            await client.feedback.Rate(pb.RateRequest(conversation_id="c", rating=1))
    first, second = lines(system)
    assert first["user"] != second["user"]


@pytest.mark.parametrize(
    "bad",
    [
        pb.RateRequest(conversation_id="c"),
        pb.RateRequest(conversation_id="c", rating=6),
        pb.RateRequest(rating=3),
        pb.ReportRequest(conversation_id="c"),
        pb.ReportRequest(conversation_id="c d", reason=pb.REPORT_REASON_OTHER),
    ],
)
async def test_a_broken_rule_stores_nothing(system: System, bad: pb.RateRequest | pb.ReportRequest) -> None:
    async with system.client() as client:
        call = client.feedback.Rate if isinstance(bad, pb.RateRequest) else client.feedback.Report
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(bad)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert lines(system) == []
