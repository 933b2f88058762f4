"""Check the Helm chart and the manifests without a cluster; exit 1 and say why when something is wrong.

helm lint --strict; values.schema.json against the settings classes; then every object, rendered for the oldest and the
newest Kubernetes we know, against that version's API schema (unknown kinds and fields are faults) and our own rules.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tools.chart_binaries import ROOT
from tools.chart_render import CHART, KubernetesObject, RenderError, build_manifests, lint_chart, render_chart
from tools.chart_rules import NEWEST_KUBERNETES, OLDEST_KUBERNETES, rule_faults, schema_faults
from tools.chart_schema import SCHEMA, updated_schema

MANIFESTS = ROOT / "manifests"

# What an installer may switch, so that branches of the templates that the defaults do not take are checked, too.
VARIANTS: dict[str, tuple[str, ...]] = {
    "defaults": (),
    "traces": ('telemetry.otlpEndpoint="http://collector.monitoring:4317"',),
    "no network policies": ("networkPolicy.enabled=false",),
    "several gateways": ("gateway.replicas=3", 'gateway.feedback.accessMode="ReadWriteMany"'),
    "own volume, no key": ('gateway.feedback.existingClaim="mine"', 'gateway.upstream.apiKeySecret=""'),
    "registry and digest": ('image.registry="registry.example.com/s"', f'gateway.image.digest="sha256:{"0" * 64}"'),
    "load balancer": ('gateway.service={"type": "LoadBalancer", "annotations": {"example.com/internal": "true"}}',),
}


def check() -> Iterator[str]:
    """Run every check, printing what was checked; yields the faults."""
    lint_chart()
    print(f"helm lint --strict: {CHART.relative_to(ROOT)}")
    if SCHEMA.read_text() != updated_schema():
        yield "values.schema.json differs from the services' settings: run python -m tools.chart_schema"
    for kubernetes in (OLDEST_KUBERNETES, NEWEST_KUBERNETES):
        for name, settings in VARIANTS.items():
            things = render_chart(settings, kubernetes=f"{kubernetes}.0")
            yield from _check_objects(f"chart ({name}), Kubernetes {kubernetes}", things, kubernetes)
        for folder in _kustomizations():
            things = build_manifests(folder)
            yield from _check_objects(f"{folder.relative_to(ROOT)}, Kubernetes {kubernetes}", things, kubernetes)


def _check_objects(title: str, things: list[KubernetesObject], kubernetes: str) -> Iterator[str]:
    kinds = Counter(str(thing["kind"]) for thing in things)
    print(f"{title}: {len(things)} objects ({', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))})")
    for thing in things:
        yield from (f"{title}: {fault}" for fault in schema_faults(thing, kubernetes))
    yield from (f"{title}: {fault}" for fault in rule_faults(things))


def _kustomizations() -> list[Path]:
    return sorted(file.parent for file in MANIFESTS.rglob("kustomization.yaml"))


def main() -> int:
    """Entry point; returns the process's exit status."""
    try:
        faults = list(check())
    except RenderError as error:
        faults = [str(error)]
    for fault in faults:
        print(f"error: {fault}", file=sys.stderr)
    print("chart-test: " + (f"{len(faults)} faults" if faults else "no faults"))
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
