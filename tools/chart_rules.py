"""What every rendered object must satisfy: the API's own schema, and rules that the API does not enforce."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import kubernetes_validate  # type: ignore[import-untyped]  # ships no types

from tools.chart_render import KubernetesObject, named, pod_spec

OLDEST_KUBERNETES = "1.29"  # Chart.yaml's kubeVersion
NEWEST_KUBERNETES = ".".join(kubernetes_validate.latest_version().split(".")[:2])


def schema_faults(thing: KubernetesObject, kubernetes: str) -> list[str]:
    """Faults against the API of one Kubernetes version, e.g. ``1.29``; an unknown kind or field is a fault."""
    try:
        kubernetes_validate.validate(thing, kubernetes, strict=True)
    except kubernetes_validate.ValidationError as error:
        path = ".".join(str(part) for part in error.path) or "its top level"
        return [f"{named(thing)}: {path}: {error.message}"]
    except kubernetes_validate.SchemaNotFoundError:
        return [f"{named(thing)}: Kubernetes {kubernetes} has no {thing.get('apiVersion')} {thing.get('kind')}"]
    return []


def rule_faults(things: Iterable[KubernetesObject]) -> list[str]:
    """Faults against our own rules, of all objects together."""
    return [fault for thing in things for rule in _RULES for fault in rule(thing)]


def _pinned_images(thing: KubernetesObject) -> Iterator[str]:
    for container in _containers(thing):
        image = str(container.get("image", ""))
        tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
        if "@sha256:" not in image and tag in {"", "latest"}:
            yield f"{named(thing)}: the image {image!r} does not say which version runs"


def _bounded_resources(thing: KubernetesObject) -> Iterator[str]:
    for container in _containers(thing):
        for bound in ("requests", "limits"):
            missing = {"cpu", "memory"} - set(container.get("resources", {}).get(bound, {}))
            if missing:
                yield f"{named(thing)}: {container['name']} has no {bound} for {', '.join(sorted(missing))}"


def _probed(thing: KubernetesObject) -> Iterator[str]:
    if thing["kind"] == "Deployment":
        for container in _containers(thing):
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                if probe not in container:
                    yield f"{named(thing)}: {container['name']} has no {probe}"


def _restricted(thing: KubernetesObject) -> Iterator[str]:
    """The Pod Security standard `restricted` (its fields that this project uses), and a read-only root besides."""
    pod = pod_spec(thing)
    if pod is None:
        return
    context = pod.get("securityContext", {})
    if context.get("runAsNonRoot") is not True or context.get("runAsUser") == 0:
        yield f"{named(thing)}: may run as root"
    if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield f"{named(thing)}: seccompProfile is not RuntimeDefault"
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(field):
            yield f"{named(thing)}: {field} is set"
    if pod.get("automountServiceAccountToken") is not False:
        yield f"{named(thing)}: mounts a service account's token"
    if any("hostPath" in volume for volume in pod.get("volumes", [])):
        yield f"{named(thing)}: mounts a folder of the node"
    for container in _containers(thing):
        own = container.get("securityContext", {})
        if own.get("allowPrivilegeEscalation") is not False or own.get("privileged"):
            yield f"{named(thing)}: {container['name']} may gain privileges"
        if own.get("capabilities") != {"drop": ["ALL"]}:
            yield f"{named(thing)}: {container['name']} keeps capabilities"
        if own.get("readOnlyRootFilesystem") is not True:
            yield f"{named(thing)}: {container['name']} can write to its root file system"


_RULES = (_pinned_images, _bounded_resources, _probed, _restricted)


def _containers(thing: KubernetesObject) -> list[KubernetesObject]:
    pod = pod_spec(thing) or {}
    return [*pod.get("initContainers", []), *pod.get("containers", [])]
