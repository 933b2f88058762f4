"""The synapse command: local stack, demo, and calls to the gateway."""
