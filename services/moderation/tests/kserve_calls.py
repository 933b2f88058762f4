"""Calls a predictor with KServe's own clients and prints what they say, as JSON.

A program and not a test: KServe's generated messages and ours have the same names, which one process cannot hold twice.
"""

import asyncio
import json
import ssl
import sys
from pathlib import Path
from typing import Any

import grpc
import httpx
import numpy as np
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.grpc.grpc_predict_v2_pb2 import ModelMetadataRequest
from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import GRPCInferenceServiceStub
from kserve.protocol.infer_type import InferResponse
from kserve.protocol.rest.v2_datamodels import ModelMetadataResponse

TEXTS = ["Hello, how are you?", "Olá, tudo bem?"]


def asking(*, binary: bool) -> InferRequest:
    text = InferInput(name="text", shape=[len(TEXTS)], datatype="BYTES")
    text.set_data_from_numpy(np.array([value.encode() for value in TEXTS], dtype=object), binary_data=binary)
    return InferRequest(model_name="moderation", infer_inputs=[text], request_id="call-7")


def told(answer: InferResponse) -> dict[str, Any]:
    arrays = {output.name: output.as_numpy().tolist() for output in answer.outputs}
    return {"id": answer.id, "model": answer.model_name, "outputs": arrays}


async def metadata_over_grpc(address: str, credentials: grpc.ChannelCredentials) -> dict[str, Any]:
    """By KServe's stub: its client class has no such call."""
    async with grpc.aio.secure_channel(address, credentials) as channel:
        stub = GRPCInferenceServiceStub(channel)
        model = await stub.ModelMetadata(ModelMetadataRequest(name="moderation"))
    return {"name": model.name, "versions": list(model.versions), "inputs": [tensor.name for tensor in model.inputs]}


def metadata_over_rest(url: str, context: ssl.SSLContext) -> dict[str, Any]:
    """Read into KServe's own model of the answer: its client class has no such call."""
    model = ModelMetadataResponse.model_validate(
        httpx.get(f"{url}/v2/models/moderation", verify=context).raise_for_status().json()
    )
    return {"name": model.name, "versions": model.versions, "inputs": [tensor.name for tensor in model.inputs]}


async def over_grpc(address: str, ca: bytes, certificate: bytes, key: bytes) -> dict[str, Any]:
    credentials = grpc.ssl_channel_credentials(ca, key, certificate)
    async with InferenceGRPCClient(url=address, creds=credentials) as client:
        return {
            "live": await client.is_server_live(),
            "ready": await client.is_server_ready(),
            "model_ready": await client.is_model_ready("moderation"),
            "metadata": await metadata_over_grpc(address, credentials),
            "raw": told(await client.infer(asking(binary=True))),
            "typed": told(await client.infer(asking(binary=False))),
        }


async def over_rest(url: str, ca: str, certificate: str, key: str) -> dict[str, Any]:
    context = ssl.create_default_context(cafile=ca)
    context.load_cert_chain(certificate, key)
    client = InferenceRESTClient(RESTConfig(protocol="v2", verify=context))
    try:
        return {
            "live": await client.is_server_live(url),
            "ready": await client.is_server_ready(url),
            "model_ready": await client.is_model_ready(url, "moderation"),
            "metadata": metadata_over_rest(url, context),
            "raw": told(await client.infer(url, asking(binary=True), model_name="moderation")),
            "typed": told(await client.infer(url, asking(binary=False), model_name="moderation")),
        }
    finally:
        await client.close()


async def main(grpc_address: str, rest_url: str, ca: str, certificate: str, key: str) -> None:
    files = [Path(name).read_bytes() for name in (ca, certificate, key)]  # noqa: ASYNC240  (nothing else runs here)
    result = {
        "grpc": await over_grpc(grpc_address, *files),
        "rest": await over_rest(rest_url, ca, certificate, key),
    }
    print(json.dumps(result))


asyncio.run(main(*sys.argv[1:]))
