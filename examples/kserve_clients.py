"""Call the moderation predictor of a running stack with KServe's own clients: ``python examples/kserve_clients.py``.

They run in a process of their own: KServe's stubs and Synapse's register the same protocol names.
"""

import asyncio
import ssl
import sys
from pathlib import Path

import numpy as np
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest
from kserve.inference_client import RESTConfig

TEXTS = ["Have a nice day", "Seu idiota"]


async def call(certificates: Path, grpc_address: str, rest_url: str) -> None:
    """Ask both protocols for readiness, metadata and an inference, and print what they say."""
    ca, certificate, key = (certificates / name for name in ("ca.pem", "client.pem", "client.key"))
    text = InferInput("text", [len(TEXTS)], "BYTES")
    text.set_data_from_numpy(np.array([text.encode() for text in TEXTS], dtype=object))
    request = InferRequest("moderation", [text])

    grpc_client = InferenceGRPCClient(
        grpc_address,
        use_ssl=True,
        root_certificates=str(ca),
        private_key=str(key),
        certificate_chain=str(certificate),
    )
    print("grpc ready", await grpc_client.is_server_ready(), await grpc_client.is_model_ready("moderation"))
    response = await grpc_client.infer(request)
    print("grpc flagged", response.get_output_by_name("flagged").as_numpy().tolist())
    await grpc_client.close()

    context = ssl.create_default_context(cafile=str(ca))
    context.load_cert_chain(certificate, key)
    rest_client = InferenceRESTClient(RESTConfig(protocol="v2", verify=context))
    ready = await rest_client.is_server_ready(rest_url), await rest_client.is_model_ready(rest_url, "moderation")
    print("rest ready", *ready)
    rest_response = await rest_client.infer(rest_url, request, model_name="moderation")
    print("rest flagged", rest_response.get_output_by_name("flagged").as_numpy().tolist())
    await rest_client.close()


if __name__ == "__main__":
    arguments = sys.argv[1:] + ["build/run/certs", "127.0.0.1:8501", "https://127.0.0.1:8511"][len(sys.argv) - 1 :]
    asyncio.run(call(Path(arguments[0]), arguments[1], arguments[2]))
