"""Synapse on one machine: the services as processes on loopback, with their own authority and token issuer."""

from synapse_cli.stack.config import StackConfig, StackError
from synapse_cli.stack.paths import StackPaths
from synapse_cli.stack.stack import LocalStack

__all__ = ["LocalStack", "StackConfig", "StackError", "StackPaths"]
