"""KServe's own clients call the predictor: the proof that it speaks their protocol."""

import json
import subprocess
import sys
from pathlib import Path

from synapse_common.bundle import Bundle
from synapse_common.ports import HOST
from synapse_common.settings import TlsSettings
from synapse_common.testing import ServiceProcess

PROGRAM = Path(__file__).parent / "kserve_calls.py"


def test_ready_metadata_and_infer_over_grpc_and_rest(
    service: ServiceProcess, client_tls: TlsSettings, bundle: Bundle
) -> None:
    rest_url = f"https://{HOST}:{service.ports['rest']}"
    files = [str(file) for file in (client_tls.ca, client_tls.certificate, client_tls.key)]
    run = subprocess.run(
        [sys.executable, str(PROGRAM), service.address, rest_url, *files],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout.splitlines()[-1])

    for protocol in ("grpc", "rest"):
        assert told[protocol]["live"] is True
        assert told[protocol]["ready"] is True
        assert told[protocol]["model_ready"] is True
        metadata = {"name": "moderation", "versions": [bundle.manifest.version], "inputs": ["text"]}
        assert told[protocol]["metadata"] == metadata
    raw = told["grpc"]["raw"]
    assert (raw["id"], raw["model"]) == ("call-7", "moderation")
    assert [len(row) for row in raw["outputs"]["category_scores"]] == [8, 8]
    assert len(raw["outputs"]["flagged"]) == 2
    assert raw == told["grpc"]["typed"] == told["rest"]["raw"] == told["rest"]["typed"]
