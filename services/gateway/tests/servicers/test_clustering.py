import grpc
import pytest
from gateway_fakes.system import System
from synapse.v1 import clustering_pb2 as pb


def user(name: str, **features: float) -> pb.UserFeatures:
    return pb.UserFeatures(user_id=name, features=features)


async def test_users_are_assigned_in_order(system: System) -> None:
    request = pb.AssignRequest(users=[user("b", sessions=2, minutes=0.5), user("a", sessions=1, minutes=0.25)])
    async with system.client() as client:
        response = await client.clustering.Assign(request)
    assert [(item.user_id, item.cluster, item.distance, item.margin) for item in response.assignments] == [
        ("b", 2, 0.5, 1.0),
        ("a", 1, 0.25, 1.0),
    ]
    assert response.model_version == "v1"


@pytest.mark.parametrize(
    "bad",
    [
        pb.AssignRequest(),
        pb.AssignRequest(users=[user("", sessions=1, minutes=1)]),
        pb.AssignRequest(users=[user("u", sessions=1)]),
        pb.AssignRequest(users=[user("u", sessions=1, minutes=float("nan"))]),
        pb.AssignRequest(users=[user("u", sessions=1, minutes=1, age=1)]),
        pb.AssignRequest(users=[user("u", sessions=1, minutes=1)] * 65),
    ],
)
async def test_a_broken_rule_is_the_callers_fault(system: System, bad: pb.AssignRequest) -> None:
    async with system.client() as client:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await client.clustering.Assign(bad)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_people_may_not_ask(system: System) -> None:
    async with system.client(system.token("user")) as client:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await client.clustering.Assign(pb.AssignRequest(users=[user("u", sessions=1, minutes=1)]))
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
