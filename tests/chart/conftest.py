"""Rendering for the tests of the chart: each set of values once in a run, because helm takes a third of a second."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from tools.chart_render import KubernetesObject, RenderError, render_chart


@cache
def rendered(*settings: str) -> tuple[KubernetesObject, ...]:
    return tuple(render_chart(settings))


@pytest.fixture
def render() -> Callable[..., tuple[KubernetesObject, ...]]:
    """Objects for values given as for ``--set-json``."""
    return rendered


@pytest.fixture
def find() -> Callable[..., KubernetesObject]:
    """The one object of a kind and name (without the release's name), for values given as for ``--set-json``."""

    def one(kind: str, name: str, *settings: str) -> KubernetesObject:
        found = [
            thing
            for thing in rendered(*settings)
            if thing["kind"] == kind and thing["metadata"]["name"] == f"synapse-{name}"
        ]
        assert len(found) == 1, f"{len(found)} objects are {kind}/synapse-{name}"
        return found[0]

    return one


@pytest.fixture
def refusal() -> Callable[..., str]:
    """What helm says when it refuses values; fails when it accepts them."""

    def message(*settings: str) -> str:
        with pytest.raises(RenderError) as caught:
            render_chart(settings)
        return str(caught.value)

    return message
