"""synapse.v1.ClusteringService."""

from __future__ import annotations

from synapse.v1 import clustering_pb2 as pb
from synapse.v1 import clustering_pb2_grpc as pb_grpc

from synapse_gateway.exchange import UserFeatures, UsersExchange
from synapse_gateway.handlers.clustering import ClusteringHandler
from synapse_gateway.servicers.call import Context, call_of

SERVICE_NAME = pb.DESCRIPTOR.services_by_name["ClusteringService"].full_name


class ClusteringServicer(pb_grpc.ClusteringServiceServicer):
    """Assign over one handler."""

    def __init__(self, handler: ClusteringHandler) -> None:
        self._handler = handler

    async def Assign(self, request: pb.AssignRequest, context: Context) -> pb.AssignResponse:  # noqa: N802
        """Assign users to clusters; assignments in order."""
        users = [UserFeatures(user.user_id, dict(user.features)) for user in request.users]
        exchange = UsersExchange(call_of(f"/{SERVICE_NAME}/Assign", context), users)
        assignments = await self._handler.assign(exchange)
        return pb.AssignResponse(
            assignments=[
                pb.ClusterAssignment(
                    user_id=item.user_id, cluster=item.cluster, distance=item.distance, margin=item.margin
                )
                for item in assignments.items
            ],
            model_version=assignments.model_version,
        )
