"""The environment that the chart gives to a service is one that the service's own settings accept."""

import os

import pytest
from synapse_common.errors import ConfigurationError
from synapse_common.settings import load_settings

from tools.chart_services import SERVICES

EVERY_SERVICE = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.component)

# What Kubernetes would put in place of a reference.
API_KEY = "sk-made-up"
CORES = "2"


def container_of(find, service, *settings):
    return find("Deployment", service.component, *settings)["spec"]["template"]["spec"]["containers"][0]


def environment_of(find, service, *settings):
    environment = {}
    for entry in container_of(find, service, *settings)["env"]:
        source = entry.get("valueFrom", {})
        if "secretKeyRef" in source:
            environment[entry["name"]] = API_KEY
        elif "resourceFieldRef" in source:
            environment[entry["name"]] = CORES
        elif "fieldRef" in source:
            environment[entry["name"]] = "synapse-pod-0"
        else:
            environment[entry["name"]] = entry["value"]
    return environment


@pytest.fixture
def load(find, monkeypatch):
    """Settings of a service as it would load them in its pod."""

    def loaded(service, *settings, more=()):
        for name in [name for name in os.environ if name.startswith("SYNAPSE_")]:
            monkeypatch.delenv(name)
        for name, value in {**environment_of(find, service, *settings), **dict(more)}.items():
            assert isinstance(value, str), f"{name} is not a string, which the API refuses"
            monkeypatch.setenv(name, value)
        return load_settings(service.settings)

    return loaded


@EVERY_SERVICE
def test_a_service_starts_with_the_charts_environment(service, load):
    settings = load(service)

    assert settings.host == "0.0.0.0"  # noqa: S104  # a pod's own address is not known beforehand
    assert (settings.drain_delay_s, settings.drain_grace_s) == (5, 2 if service.component == "drift-monitor" else 35)


@EVERY_SERVICE
def test_a_variable_that_is_no_setting_would_have_been_noticed(service, load):
    with pytest.raises(ConfigurationError, match=f"{service.prefix}PORT"):
        load(service, more={f"{service.prefix}PORT": "tcp://10.0.0.1:8443"})


@EVERY_SERVICE
def test_files_that_the_environment_names_are_mounted(service, find):
    container = container_of(find, service)
    mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
    paths = [value for value in environment_of(find, service).values() if value.startswith("/")]

    assert paths
    for path in paths:
        assert any(path == mount or path.startswith(f"{mount}/") for mount in mounts), f"{path} is not mounted"


@EVERY_SERVICE
def test_ports_are_those_the_service_listens_on(service, find, load):
    settings = load(service)
    ports = {port["name"]: port["containerPort"] for port in container_of(find, service)["ports"]}

    expected = {"grpc": settings.grpc_port, "metrics": settings.metrics_port}
    if hasattr(settings, "rest_port"):
        expected["rest"] = settings.rest_port
    assert ports == expected


@EVERY_SERVICE
def test_termination_outlasts_the_drain(service, find, load):
    drain = ("drain.delaySeconds=7", "drain.graceSeconds=90")
    settings = load(service, *drain)
    pod = find("Deployment", service.component, *drain)["spec"]["template"]["spec"]

    assert (settings.drain_delay_s, settings.drain_grace_s) == (7, 2 if service.component == "drift-monitor" else 90)
    assert pod["terminationGracePeriodSeconds"] > settings.drain_delay_s + settings.drain_grace_s


def test_peers_of_the_gateway_are_the_charts_services(find, load):
    gateway = next(service for service in SERVICES if service.component == "gateway")
    peers = load(gateway).peers

    for service in SERVICES:
        if service is not gateway:
            host, _, port = getattr(peers, service.package).rpartition(":")
            behind = find("Service", service.component)
            assert host == f"{behind['metadata']['name']}.{behind['metadata']['namespace']}.svc"
            assert int(port) in {entry["port"] for entry in behind["spec"]["ports"] if entry["name"] == "grpc"}


def test_more_settings_reach_the_service_with_their_types(load):
    by_key = {service.key: service for service in SERVICES}

    assert load(by_key["moderation"], 'moderation.settings={"max_batch": 128, "device": "cpu"}').max_batch == 128
    nested = load(by_key["gateway"], 'gateway.settings={"upstream": {"timeout_s": 2.5}, "limits": {"max_batch": 7}}')
    assert (nested.upstream.timeout_s, nested.limits.max_batch) == (2.5, 7)
    assert str(nested.upstream.base_url) == "https://api.openai.com/v1"


def test_traces_go_to_the_collector_only_when_there_is_one(load):
    assert load(SERVICES[0]).otlp_endpoint is None
    endpoint = "http://collector.monitoring:4317"
    assert load(SERVICES[0], f'telemetry.otlpEndpoint="{endpoint}"').otlp_endpoint == endpoint
