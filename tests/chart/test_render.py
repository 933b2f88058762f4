"""What the templates make of values."""

import pytest

from tools.chart_render import render_notes
from tools.chart_services import SERVICES

EVERY_SERVICE = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.component)


def pod_of(deployment):
    return deployment["spec"]["template"]["spec"]


def test_the_five_services_are_installed(render):
    kinds = ("Deployment", "Service", "ServiceAccount")
    for kind in kinds:
        names = {thing["metadata"]["name"] for thing in render() if thing["kind"] == kind}
        assert names == {f"synapse-{service.component}" for service in SERVICES}


def test_everything_lands_in_the_releases_namespace(render):
    assert {thing["metadata"].get("namespace") for thing in render()} == {"synapse"}


@EVERY_SERVICE
def test_selectors_meet_the_pods_and_only_them(service, render, find):
    deployment = find("Deployment", service.component)
    labels = deployment["spec"]["template"]["metadata"]["labels"].items()
    selectors = [
        deployment["spec"]["selector"]["matchLabels"],
        find("Service", service.component)["spec"]["selector"],
    ]
    for selector in selectors:
        assert selector.items() <= labels
        assert selector["app.kubernetes.io/component"] == service.component
        assert "app.kubernetes.io/version" not in selector, "selectors cannot change, versions do"


@EVERY_SERVICE
def test_services_of_the_namespace_do_not_become_variables(service, find):
    # SYNAPSE_GATEWAY_PORT=tcp://... would be an unknown setting, and the service would not start.
    assert pod_of(find("Deployment", service.component))["enableServiceLinks"] is False


@EVERY_SERVICE
def test_each_service_has_its_own_account_without_a_token(service, find):
    account = find("ServiceAccount", service.component)
    assert account["automountServiceAccountToken"] is False
    assert pod_of(find("Deployment", service.component))["serviceAccountName"] == account["metadata"]["name"]


@EVERY_SERVICE
def test_images_follow_registry_tag_and_digest(service, find):
    def image(*settings):
        return pod_of(find("Deployment", service.component, *settings))["containers"][0]["image"]

    digest = f"sha256:{'a' * 64}"
    name = f"synapse-{service.component}"
    assert image() == f"{name}:0.1.0"
    assert image('image.registry="registry.example.com/s"') == f"registry.example.com/s/{name}:0.1.0"
    assert image(f'{service.key}.image.tag="2"', f'{service.key}.image.digest="{digest}"') == f"{name}:2@{digest}"


@EVERY_SERVICE
def test_secrets_with_certificates_are_mounted_by_the_name_in_the_values(service, find):
    def secrets(*settings):
        volumes = pod_of(find("Deployment", service.component, *settings))["volumes"]
        return [volume["secret"]["secretName"] for volume in volumes if "secret" in volume]

    assert secrets() == [f"synapse-{service.component}-tls"]
    assert secrets(f'{service.key}.tls.secretName="other"') == ["other"]


@pytest.mark.parametrize("component", ["moderation", "clustering", "drift-monitor"])
def test_models_are_mounted_read_only(component, find):
    pod = pod_of(find("Deployment", component, 'models.existingClaim="bundles"'))
    (volume,) = [volume for volume in pod["volumes"] if volume["name"] == "models"]
    (mount,) = [mount for mount in pod["containers"][0]["volumeMounts"] if mount["name"] == "models"]
    assert volume["persistentVolumeClaim"] == {"claimName": "bundles", "readOnly": True}
    assert mount["readOnly"] is True


def test_pull_secrets_reach_every_pod(render):
    deployments = [thing for thing in render('image.pullSecrets=["a","b"]') if thing["kind"] == "Deployment"]
    assert [pod_of(thing)["imagePullSecrets"] for thing in deployments] == [[{"name": "a"}, {"name": "b"}]] * 5


def test_a_gateway_on_a_volume_for_one_pod_stops_before_the_next_starts(find):
    deployment = find("Deployment", "gateway")
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}


def test_gateways_on_a_shared_volume_roll_without_a_gap_and_keep_to_their_own_folders(find):
    shared = ("gateway.replicas=3", 'gateway.feedback.accessMode="ReadWriteMany"')
    deployment = find("Deployment", "gateway", *shared)
    mounts = pod_of(deployment)["containers"][0]["volumeMounts"]
    (feedback,) = [mount for mount in mounts if mount["name"] == "feedback"]

    assert deployment["spec"]["replicas"] == 3
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert feedback["subPathExpr"] == "$(POD_NAME)"
    assert find("PersistentVolumeClaim", "gateway-feedback", *shared)["spec"]["accessModes"] == ["ReadWriteMany"]


def test_the_chart_makes_no_volume_for_feedback_where_one_is_given(render, find):
    given = 'gateway.feedback.existingClaim="mine"'
    assert not [thing for thing in render(given) if thing["kind"] == "PersistentVolumeClaim"]
    volumes = pod_of(find("Deployment", "gateway", given))["volumes"]
    assert {"name": "feedback", "persistentVolumeClaim": {"claimName": "mine"}} in volumes


def test_feedback_outlives_the_release(find):
    claim = find("PersistentVolumeClaim", "gateway-feedback")
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_the_predictor_computes_on_as_many_cores_as_it_is_given(find):
    entries = pod_of(find("Deployment", "moderation"))["containers"][0]["env"]
    (workers,) = [entry for entry in entries if entry["name"] == "SYNAPSE_MODERATION_WORKERS"]
    assert workers["valueFrom"]["resourceFieldRef"] == {"resource": "limits.cpu", "divisor": "1"}


@pytest.mark.parametrize("component", ["gateway", "embeddings"])
def test_an_upstream_without_a_key_needs_no_secret(component, find):
    def secrets(*settings):
        entries = pod_of(find("Deployment", component, *settings))["containers"][0]["env"]
        references = [entry["valueFrom"]["secretKeyRef"] for entry in entries if "secretKeyRef" in str(entry)]
        return {reference["name"] for reference in references if reference["key"] == "api-key"}

    assert secrets() == {"synapse-upstream"}
    assert secrets(f'{component}.upstream.apiKeySecret=""') == set()


@pytest.mark.parametrize("component", ["moderation", "clustering", "embeddings", "drift-monitor"])
def test_services_behind_the_gateway_are_headless(component, find):
    # A gRPC client keeps one connection to one address; only with every pod's address can it balance its calls.
    assert find("Service", component)["spec"]["clusterIP"] == "None"


@EVERY_SERVICE
def test_at_most_one_pod_of_a_service_is_drained_at_a_time(service, render):
    budgets = {thing["metadata"]["name"]: thing for thing in render() if thing["kind"] == "PodDisruptionBudget"}
    name = f"synapse-{service.component}"
    if service.component == "drift-monitor":
        assert name not in budgets, "a budget for the only pod would do nothing, or block drains for good"
    else:
        assert budgets[name]["spec"]["maxUnavailable"] == 1


def test_the_notes_name_everything_that_has_to_be_there():
    notes = render_notes()
    needed = ["synapse-issuer", "synapse-upstream", "synapse-pseudonyms", "synapse-models"]
    for name in [*needed, *(f"synapse-{service.component}-tls" for service in SERVICES)]:
        assert name in notes
    assert "synapse-gateway.synapse.svc:8443" in notes
