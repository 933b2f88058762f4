"""Who may connect to whom, worked out from the rendered policies as a cluster would, against the architecture."""

import itertools

import pytest

from tools.chart_services import SERVICES

COMPONENTS = [service.component for service in SERVICES]
PORTS = {"grpc", "rest", "metrics"}
ARROWS = {
    ("gateway", "moderation", "grpc"),
    ("gateway", "clustering", "grpc"),
    ("gateway", "embeddings", "grpc"),
    ("gateway", "drift-monitor", "grpc"),
}


class Network:
    """Pods of one release and the policies about them."""

    def __init__(self, things):
        self.policies = [thing["spec"] for thing in things if thing["kind"] == "NetworkPolicy"]
        self.pods = {
            thing["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"]: thing["spec"]["template"]
            for thing in things
            if thing["kind"] == "Deployment"
        }

    def labels(self, component):
        return self.pods[component]["metadata"]["labels"]

    def port(self, component, name):
        """Number of a named port, None when the pod has no such port."""
        ports = self.pods[component]["spec"]["containers"][0]["ports"]
        return next((port["containerPort"] for port in ports if port["name"] == name), None)

    def rules(self, component, direction):
        """Rules of every policy that selects the pod; None when no policy isolates it in that direction."""
        chosen = [
            policy
            for policy in self.policies
            if direction in policy["policyTypes"] and selects(policy["podSelector"], self.labels(component))
        ]
        return [rule for policy in chosen for rule in policy.get(direction.lower(), [])] if chosen else None

    def allows(self, source, target, port):
        """Whether `source` can open a connection to a named port of `target`."""
        number = self.port(target, port)
        return (
            number is not None
            and self._one_side(source, "Egress", "to", self.labels(target), {number, port})
            and self._one_side(target, "Ingress", "from", self.labels(source), {number, port})
        )

    def _one_side(self, component, direction, side, other, ports):
        rules = self.rules(component, direction)
        if rules is None:
            return True
        return any(
            # To Kubernetes, a rule without peers is one about everybody.
            (not rule.get(side) or any(peer_is(peer, other) for peer in rule[side]))
            and any(port["port"] in ports for port in rule["ports"])
            for rule in rules
        )


def selects(selector, labels):
    return all(labels.get(name) == value for name, value in selector.get("matchLabels", {}).items())


def peer_is(peer, labels):
    """Whether a peer covers a pod of our own namespace."""
    if "ipBlock" in peer:
        return False  # pods have private addresses, which the default leaves out
    if "namespaceSelector" in peer and not selects(
        peer["namespaceSelector"], {"kubernetes.io/metadata.name": "synapse"}
    ):
        return False
    return selects(peer.get("podSelector", {}), labels)


def arrows(things):
    network = Network(things)
    pairs = itertools.permutations(COMPONENTS, 2)
    return {(a, b, port) for a, b in pairs for port in PORTS if network.allows(a, b, port)}


def test_with_no_clients_nothing_but_the_architectures_arrows_is_open(render):
    assert arrows(render("networkPolicy.clients=[]")) == ARROWS


def test_clients_reach_the_gateway_and_nothing_else(render):
    # Any pod may be a client by default, but the other services' own egress keeps them from calling the gateway.
    assert arrows(render()) == ARROWS


def test_without_policies_everything_is_open(render):
    things = render("networkPolicy.enabled=false")
    assert not [thing for thing in things if thing["kind"] == "NetworkPolicy"]
    assert arrows(things) > ARROWS


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_pod_is_isolated_in_both_directions(component, render):
    network = Network(render())
    assert network.rules(component, "Ingress") is not None
    assert network.rules(component, "Egress") is not None


@pytest.mark.parametrize("peers", ["clients", "predictorClients", "monitoring"])
def test_an_empty_list_of_peers_never_becomes_a_rule_about_everybody(peers, render):
    for policy in Network(render(f"networkPolicy.{peers}=[]")).policies:
        for direction, side in (("ingress", "from"), ("egress", "to")):
            for rule in policy.get(direction, []):
                assert rule[side], f"a rule of {policy['podSelector']} is open to all"


def test_clients_of_the_predictors_get_both_protocols(find):
    batch = '[{"podSelector": {"matchLabels": {"app": "batch"}}}]'
    rules = find("NetworkPolicy", "moderation", f"networkPolicy.predictorClients={batch}")["spec"]["ingress"]
    (rule,) = [rule for rule in rules if {"podSelector": {"matchLabels": {"app": "batch"}}} in rule["from"]]
    assert {port["port"] for port in rule["ports"]} == {"grpc", "rest"}


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("https://api.openai.com/v1", 443),
        ("http://upstream.chat.svc/v1", 80),
        ("http://upstream.chat.svc:8600/v1", 8600),
        ("https://[2001:db8::1]:9443/v1", 9443),
        ("https://[2001:db8::1]/v1", 443),
    ],
)
def test_the_upstreams_port_follows_its_url(url, port, find):
    rules = find("NetworkPolicy", "embeddings", f'embeddings.upstream.baseUrl="{url}"')["spec"]["egress"]
    assert [rule["ports"][0]["port"] for rule in rules] == [port]


def test_the_collectors_port_opens_with_traces(find):
    def ports(*settings):
        rules = find("NetworkPolicy", "default", *settings)["spec"]["egress"]
        return {port["port"] for rule in rules for port in rule["ports"]}

    assert ports() == {53}
    assert ports('telemetry.otlpEndpoint="http://collector.monitoring:4320"') == {53, 4320}
