"""The stages of the guard chain, one file each; `synapse_gateway.guard` composes them."""
