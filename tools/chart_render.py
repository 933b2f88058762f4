"""Render the chart and the manifests into objects, with the helm and kubectl of `chart_binaries`."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from tools.chart_binaries import ROOT, helm, kubectl

CHART = ROOT / "charts" / "synapse"
RELEASE = "synapse"
NAMESPACE = "synapse"

KubernetesObject = dict[str, Any]


class RenderError(Exception):
    """helm or kubectl refused; the message is theirs."""


def lint_chart() -> None:
    """Run ``helm lint --strict``.

    Raises:
        RenderError: with what helm found.
    """
    _run([str(helm()), "lint", "--strict", "--quiet", str(CHART)])


def render_chart(settings: Sequence[str] = (), *, kubernetes: str | None = None) -> list[KubernetesObject]:
    """Render the chart as ``helm install`` would.

    Args:
        settings: values as ``--set-json`` takes them, e.g. ``gateway.replicas=2``.
        kubernetes: version of the cluster, e.g. ``1.29.0``; helm's own latest by default.

    Raises:
        RenderError: a value is refused, or a template fails.
    """
    command = [str(helm()), "template", RELEASE, str(CHART), "--namespace", NAMESPACE]
    for setting in settings:
        command += ["--set-json", setting]
    if kubernetes:
        command += ["--kube-version", kubernetes]
    return _objects(_run(command))


def render_notes() -> str:
    """What ``helm install`` prints at its end; needs no cluster."""
    return _run([str(helm()), "install", RELEASE, str(CHART), "--namespace", NAMESPACE, "--dry-run=client"])


def build_manifests(folder: Path) -> list[KubernetesObject]:
    """Build one kustomize folder.

    Raises:
        RenderError: kustomize refuses it.
    """
    return _objects(_run([str(kubectl()), "kustomize", str(folder)]))


def named(thing: KubernetesObject) -> str:
    """``Kind/name`` for messages."""
    return f"{thing.get('kind')}/{thing.get('metadata', {}).get('name')}"


def pod_spec(thing: KubernetesObject) -> dict[str, Any] | None:
    """The pod that an object is or makes; None for objects without one."""
    if thing["kind"] == "Pod":
        pod: dict[str, Any] = thing["spec"]
        return pod
    template: dict[str, Any] = thing.get("spec", {}).get("template", {})
    return template.get("spec")


def _objects(text: str) -> list[KubernetesObject]:
    return [thing for thing in yaml.safe_load_all(text) if thing]


def _run(command: list[str]) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # our own arguments
    if done.returncode != 0:
        raise RenderError((done.stderr or done.stdout).strip())
    return done.stdout
