"""The Open Inference Protocol, version 2, over gRPC and REST: servicer and routes, then handler, then model."""

from synapse_common.oip.handler import InferenceHandler
from synapse_common.oip.model import InferenceModel, TensorSpec
from synapse_common.oip.rest import oip_routes
from synapse_common.oip.servicer import SERVICE_NAME, InferenceServicer
from synapse_common.oip.tensors import Tensor

__all__ = [
    "SERVICE_NAME",
    "InferenceHandler",
    "InferenceModel",
    "InferenceServicer",
    "Tensor",
    "TensorSpec",
    "oip_routes",
]
