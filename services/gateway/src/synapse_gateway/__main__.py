"""Run the gateway: ``python -m synapse_gateway``, with settings from ``SYNAPSE_GATEWAY_*``."""

from synapse_common.server import main

from synapse_gateway.app import GatewayApp
from synapse_gateway.settings import GatewaySettings

if __name__ == "__main__":
    raise SystemExit(main(GatewaySettings, GatewayApp))
