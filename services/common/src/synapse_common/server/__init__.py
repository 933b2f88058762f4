"""How every service starts, says how it is, observes its calls, maps its errors and stops."""

from synapse_common.server.app import ServiceApp
from synapse_common.server.run import main

__all__ = ["ServiceApp", "main"]
