"""int8 on a CPU with ONNX Runtime: several single-threaded workers share one session.

One thread a worker: for short messages, splitting one matrix product over cores costs more than it gives.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from synapse_common.bundle import ONNX_FILE, Bundle, BundleError

from synapse_moderation.backends.tokenise import Ids, TextEncoder

_MOST_WINDOWS = 32  # computed at once by one worker


class OnnxBackend:
    """Satisfies `Backend` with the bundle's ``model.int8.onnx.xz``."""

    job_texts: int | None = None

    def __init__(self, bundle: Bundle, workers: int) -> None:
        self.workers = workers
        self._encoder = TextEncoder(bundle)
        options = ort.SessionOptions()
        # The calling thread does all the work; parallelism comes from the engine's workers.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        file = bundle.file(ONNX_FILE)
        model = bundle.onnx()
        try:
            self._session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's own exceptions share no base class but this
            raise BundleError(f"{file} is not a model this build can load: {error}") from None
        names = {item.name for item in self._session.get_inputs()}
        if names != {"input_ids", "attention_mask"}:
            raise BundleError(f"{file} must take input_ids and attention_mask, it takes {sorted(names)}")

    def logits(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Raw outputs [n, c] of `texts`."""
        return self._encoder.encode(texts).run(self._compute, _MOST_WINDOWS)

    def _compute(self, ids: Ids, mask: Ids) -> npt.NDArray[np.float32]:
        """Raw outputs [w, c] of windows [w, t]."""
        (logits,) = self._session.run(["logits"], {"input_ids": ids, "attention_mask": mask})
        return np.asarray(logits, dtype=np.float32)
