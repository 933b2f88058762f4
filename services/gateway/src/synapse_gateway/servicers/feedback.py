"""synapse.v1.FeedbackService."""

from __future__ import annotations

from synapse.v1 import feedback_pb2 as pb
from synapse.v1 import feedback_pb2_grpc as pb_grpc

from synapse_gateway.exchange import FeedbackExchange
from synapse_gateway.handlers.feedback import FeedbackHandler
from synapse_gateway.servicers.call import Context, call_of

SERVICE_NAME = pb.DESCRIPTOR.services_by_name["FeedbackService"].full_name

_REASONS = {
    pb.REPORT_REASON_HARMFUL: "harmful",
    pb.REPORT_REASON_WRONG: "wrong",
    pb.REPORT_REASON_PRIVACY: "privacy",
    pb.REPORT_REASON_OTHER: "other",
}


class FeedbackServicer(pb_grpc.FeedbackServiceServicer):
    """Rate and Report over one handler."""

    def __init__(self, handler: FeedbackHandler) -> None:
        self._handler = handler

    async def Rate(self, request: pb.RateRequest, context: Context) -> pb.RateResponse:  # noqa: N802
        """Store a rating."""
        call = call_of(f"/{SERVICE_NAME}/Rate", context)
        exchange = FeedbackExchange(call, request.conversation_id, request.message_id, rating=request.rating)
        return pb.RateResponse(feedback_id=await self._handler.store(exchange))

    async def Report(self, request: pb.ReportRequest, context: Context) -> pb.ReportResponse:  # noqa: N802
        """Store a report."""
        call = call_of(f"/{SERVICE_NAME}/Report", context)
        reason = _REASONS.get(request.reason, "")
        exchange = FeedbackExchange(call, request.conversation_id, request.message_id, reason=reason)
        return pb.ReportResponse(feedback_id=await self._handler.store(exchange))
