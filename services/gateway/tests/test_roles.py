from synapse.v1 import chat_pb2, clustering_pb2, embeddings_pb2, feedback_pb2, moderation_pb2
from synapse_gateway.roles import METHODS_BY_ROLE, may_call

PUBLIC = (chat_pb2, moderation_pb2, embeddings_pb2, clustering_pb2, feedback_pb2)


def test_the_table_knows_every_public_method_and_no_other() -> None:
    offered = {
        f"/{service.full_name}/{method.name}"
        for module in PUBLIC
        for service in module.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }
    assert set().union(*METHODS_BY_ROLE.values()) == offered
    assert METHODS_BY_ROLE["service"] == offered


def test_unknown_roles_and_methods_give_nothing() -> None:
    assert not may_call({"root"}, "/synapse.v1.ChatService/Complete")
    assert not may_call(frozenset(), "/synapse.v1.ChatService/Complete")
    assert not may_call({"service"}, "/synapse.v1.ChatService/Delete")


def test_a_viewer_starts_no_chat_and_a_user_sees_no_clusters() -> None:
    assert not may_call({"viewer"}, "/synapse.v1.ChatService/Complete")
    assert not may_call({"user"}, "/synapse.v1.ClusteringService/Assign")
    assert may_call({"viewer", "user"}, "/synapse.v1.ChatService/Complete")
