"""The synapse command: the local stack, calls to the gateway, training, and the demo."""

__version__ = "0.1.0"
