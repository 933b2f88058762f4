"""gRPC side of the protocol: messages to tensors and back."""
# ruff: noqa: ARG002, N802  (gRPC's signatures and method names)

from __future__ import annotations

from synapse.oip import open_inference_pb2 as pb
from synapse.oip import open_inference_pb2_grpc as pb_grpc

from synapse_common.errors import Unavailable
from synapse_common.oip.handler import InferenceHandler
from synapse_common.oip.model import TensorSpec
from synapse_common.oip.tensors import decode_grpc, encode_grpc
from synapse_common.server.wrap import Context

SERVICE_NAME = pb.DESCRIPTOR.services_by_name["GRPCInferenceService"].full_name


class InferenceServicer(pb_grpc.GRPCInferenceServiceServicer):
    """inference.GRPCInferenceService over one handler."""

    def __init__(self, handler: InferenceHandler) -> None:
        self._handler = handler

    async def ServerLive(self, request: pb.ServerLiveRequest, context: Context) -> pb.ServerLiveResponse:
        """The process runs."""
        return pb.ServerLiveResponse(live=True)

    async def ServerReady(self, request: pb.ServerReadyRequest, context: Context) -> pb.ServerReadyResponse:
        """The model answers."""
        return pb.ServerReadyResponse(ready=self._handler.ready)

    async def ModelReady(self, request: pb.ModelReadyRequest, context: Context) -> pb.ModelReadyResponse:
        """This model, in this version, answers."""
        try:
            self._handler.model(request.name, request.version)
        except Unavailable:
            return pb.ModelReadyResponse(ready=False)
        return pb.ModelReadyResponse(ready=self._handler.ready)

    async def ServerMetadata(self, request: pb.ServerMetadataRequest, context: Context) -> pb.ServerMetadataResponse:
        """Name and version of the server."""
        return pb.ServerMetadataResponse(name=self._handler.server_name, version=self._handler.server_version)

    async def ModelMetadata(self, request: pb.ModelMetadataRequest, context: Context) -> pb.ModelMetadataResponse:
        """Tensors of the model, and its parameters (categories, thresholds or features)."""
        model = self._handler.model(request.name, request.version)
        return pb.ModelMetadataResponse(
            name=model.name,
            versions=[model.version],
            platform="synapse",
            inputs=[_metadata(spec) for spec in model.inputs],
            outputs=[_metadata(spec) for spec in model.outputs],
            parameters={name: pb.InferParameter(string_param=value) for name, value in model.parameters.items()},
        )

    async def ModelInfer(self, request: pb.ModelInferRequest, context: Context) -> pb.ModelInferResponse:
        """Run the model. The answer's contents are raw when the request's were."""
        model = self._handler.model(request.model_name, request.model_version)
        tensors = decode_grpc(request)
        requested = [output.name for output in request.outputs]
        outputs = await self._handler.infer(model, tensors, requested, context.time_remaining())
        response = pb.ModelInferResponse(
            model_name=model.name, model_version=model.version, id=request.id, parameters=request.parameters
        )
        raw = bool(request.raw_input_contents)
        for tensor in outputs:
            message, content = encode_grpc(tensor, raw=raw)
            response.outputs.append(message)
            if raw:
                response.raw_output_contents.append(content)
        return response


def _metadata(spec: TensorSpec) -> pb.ModelMetadataResponse.TensorMetadata:
    return pb.ModelMetadataResponse.TensorMetadata(name=spec.name, datatype=spec.datatype, shape=spec.shape)
