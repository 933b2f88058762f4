"""The checks find what they are there to find."""

import copy

import pytest

from tools.chart_rules import rule_faults, schema_faults


@pytest.fixture
def deployment(find):
    return copy.deepcopy(find("Deployment", "moderation"))


def container(deployment):
    return deployment["spec"]["template"]["spec"]["containers"][0]


def test_the_charts_own_deployment_has_no_faults(deployment):
    assert schema_faults(deployment, "1.29") == []
    assert rule_faults([deployment]) == []


def test_an_unknown_field_is_a_fault(deployment):
    deployment["spec"]["replica"] = 2
    (fault,) = schema_faults(deployment, "1.29")
    assert "Deployment/synapse-moderation" in fault
    assert "replica" in fault


def test_a_wrong_type_is_a_fault_with_its_path(deployment):
    container(deployment)["ports"][0]["containerPort"] = "grpc"
    (fault,) = schema_faults(deployment, "1.37")
    assert "spec.template.spec.containers.0.ports.0.containerPort" in fault


def test_an_unknown_kind_is_a_fault():
    thing = {"apiVersion": "serving.example.com/v1", "kind": "Model", "metadata": {"name": "m"}}
    assert schema_faults(thing, "1.29") == ["Model/m: Kubernetes 1.29 has no serving.example.com/v1 Model"]


@pytest.mark.parametrize("image", ["synapse", "synapse:latest", "registry.example.com:5000/synapse", ""])
def test_an_image_that_does_not_say_its_version_is_a_fault(image, deployment):
    container(deployment)["image"] = image
    (fault,) = rule_faults([deployment])
    assert "which version runs" in fault


@pytest.mark.parametrize("image", ["registry.example.com:5000/synapse:1", f"synapse@sha256:{'0' * 64}"])
def test_an_image_with_a_tag_or_a_digest_is_none(image, deployment):
    container(deployment)["image"] = image
    assert rule_faults([deployment]) == []


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("runAsNonRoot", False, "may run as root"),
        ("runAsUser", 0, "may run as root"),
        ("seccompProfile", {"type": "Unconfined"}, "seccompProfile"),
    ],
)
def test_a_pod_outside_the_restricted_standard_is_a_fault(field, value, says, deployment):
    deployment["spec"]["template"]["spec"]["securityContext"][field] = value
    (fault,) = rule_faults([deployment])
    assert says in fault


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("allowPrivilegeEscalation", True, "may gain privileges"),
        ("privileged", True, "may gain privileges"),
        ("capabilities", {"drop": ["ALL"], "add": ["NET_ADMIN"]}, "keeps capabilities"),
        ("readOnlyRootFilesystem", False, "can write to its root"),
    ],
)
def test_a_container_outside_it_is_a_fault(field, value, says, deployment):
    container(deployment)["securityContext"][field] = value
    (fault,) = rule_faults([deployment])
    assert says in fault


@pytest.mark.parametrize("field", ["hostNetwork", "hostPID", "hostIPC"])
def test_a_pod_in_the_nodes_namespaces_is_a_fault(field, deployment):
    deployment["spec"]["template"]["spec"][field] = True
    assert rule_faults([deployment]) == [f"Deployment/synapse-moderation: {field} is set"]


def test_a_folder_of_the_node_is_a_fault(deployment):
    deployment["spec"]["template"]["spec"]["volumes"].append({"name": "host", "hostPath": {"path": "/"}})
    assert rule_faults([deployment]) == ["Deployment/synapse-moderation: mounts a folder of the node"]


def test_a_mounted_token_is_a_fault(deployment):
    del deployment["spec"]["template"]["spec"]["automountServiceAccountToken"]
    assert rule_faults([deployment]) == ["Deployment/synapse-moderation: mounts a service account's token"]


@pytest.mark.parametrize("bound", ["requests", "limits"])
def test_missing_bounds_are_a_fault(bound, deployment):
    del container(deployment)["resources"][bound]["memory"]
    assert rule_faults([deployment]) == [f"Deployment/synapse-moderation: moderation has no {bound} for memory"]


@pytest.mark.parametrize("probe", ["startupProbe", "livenessProbe", "readinessProbe"])
def test_a_missing_probe_is_a_fault(probe, deployment):
    del container(deployment)[probe]
    assert rule_faults([deployment]) == [f"Deployment/synapse-moderation: moderation has no {probe}"]
