import pytest
from gateway_fakes.predictors import FakeClusteringPredictor
from synapse_common.errors import InvalidInput, Unavailable
from synapse_gateway.clients.clustering import ClusteringClient
from synapse_gateway.clients.predictor import Predictor
from synapse_gateway.deadline import Deadline
from synapse_gateway.exchange import UserFeatures

Clustering = tuple[FakeClusteringPredictor, Predictor]


def user(name: str = "u", **features: float) -> UserFeatures:
    return UserFeatures(name, features)


async def test_features_go_in_the_models_order_and_answers_in_the_users(clustering: Clustering) -> None:
    users = [user(f"u{index}", minutes=index / 10, sessions=index) for index in range(5)]
    assignments = await ClusteringClient(clustering[1], 2).assign(users, Deadline())
    assert [(item.user_id, item.cluster, item.distance) for item in assignments.items] == [
        (f"u{index}", index, index / 10) for index in range(5)
    ]
    assert assignments.model_version == "v1"


async def test_a_new_version_with_another_order_is_read_again(clustering: Clustering) -> None:
    fake, predictor = clustering
    client = ClusteringClient(predictor, 8)
    await client.assign([user(sessions=1, minutes=2)], Deadline())
    fake.version = "v2"
    fake.set_features("minutes", "sessions")
    assignments = await client.assign([user(sessions=1, minutes=2)], Deadline())
    assert assignments.model_version == "v2"
    assert assignments.items[0].cluster == 2


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"sessions": 1.0}, "users[1].features[minutes]"),
        ({"sessions": 1.0, "minutes": 1.0, "age": 1.0}, "users[1].features[age]"),
        ({"sessions": float("nan"), "minutes": 1.0}, "users[1].features[sessions]"),
        ({"sessions": 1.0, "minutes": float("inf")}, "users[1].features[minutes]"),
        ({}, "users[1].features[sessions]"),
    ],
)
async def test_a_wrong_feature_is_refused_by_name(clustering: Clustering, given: dict[str, float], field: str) -> None:
    good = user(sessions=1, minutes=1)
    with pytest.raises(InvalidInput) as caught:
        await ClusteringClient(clustering[1], 8).assign([good, user(**given)], Deadline())
    assert caught.value.field == field


async def test_metadata_without_features_are_nonsense(clustering: Clustering) -> None:
    clustering[0].parameters = {}
    with pytest.raises(Unavailable, match="nonsense"):
        await ClusteringClient(clustering[1], 8).assign([user()], Deadline())
