"""What holds for the tests of all packages."""

from __future__ import annotations

from typing import Final

import pytest

_INTEGRATION_TIMEOUT_S: Final = 600
"""Real processes that each import torch: a minute on an idle machine, several on a busy one."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give integration tests the time they need, unless they name their own."""
    for item in items:
        if item.get_closest_marker("integration") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(_INTEGRATION_TIMEOUT_S))
