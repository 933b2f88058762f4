"""The trained tagger on disk: a small ONNX file, its tokenizer, and what made it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from pydantic import BaseModel, ConfigDict
from tokenizers import Encoding, Tokenizer

from synapse_pipelines.errors import DataError
from synapse_pipelines.pii.phrases import Span
from synapse_pipelines.pii.tagger import ReadWords, TokenTagger, decode, pad_number, read_words, windowed, windows
from synapse_pipelines.training.batches import batch_indices, pad
from synapse_pipelines.training.quantise import export_onnx

MODEL_FILE: Final = "tagger.onnx"
TOKENIZER_FILE: Final = "tokenizer.json"
INFO_FILE: Final = "tagger.json"
_BLOCK: Final = 64  # weights that share a scale
_BITS: Final = 4
_TOKENS_PER_BATCH: Final = 4_096


class TaggerInfo(BaseModel):
    """What a trained tagger is: content of ``tagger.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_encoder: str
    max_tokens: int
    sentences: int
    steps: int
    seconds: float
    recipe: dict[str, int | float]
    biases: dict[str, float] = {}
    """For each type what `decode` takes from its log-probability: chosen on sentences for validation."""


class SpanTagger:
    """Finds names, places, organisations and addresses in texts, with the model in a folder. Safe to use from threads.

    Raises:
        DataError: the folder holds no tagger.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self.info = TaggerInfo.model_validate_json((folder / INFO_FILE).read_bytes())
            tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
            options = onnxruntime.SessionOptions()
            options.log_severity_level = 3
            # Threads that spin while they wait are many times slower as soon as anything else runs on the machine.
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            self._session = onnxruntime.InferenceSession(
                str(folder / MODEL_FILE), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the two libraries raise many kinds for a file that is missing or damaged
            raise DataError(f"{folder} holds no tagger of personal data: {error}") from error
        self._tokenizer = windowed(tokenizer, self.info.max_tokens)

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        """Return the spans found in each text, in order."""
        return [decode(words, self.info.biases) for words in self.read(texts)]

    def read(self, texts: Sequence[str]) -> list[ReadWords]:
        """Return the words of each text with their log-probabilities."""
        seen = windows(self._tokenizer, texts)
        of_text: list[list[tuple[Encoding, NDArray[np.float32]]]] = [[] for _ in texts]
        lengths = [len(window.ids) for _, window in seen]
        for rows in batch_indices(lengths, _TOKENS_PER_BATCH, rng=None):
            input_ids, mask = pad([seen[row][1].ids for row in rows], pad_number(self._tokenizer))
            feed = {"input_ids": input_ids.numpy(), "attention_mask": mask.numpy()}
            logits: NDArray[np.float32] = self._session.run(["logits"], feed)[0]
            for row, own in zip(rows, logits, strict=True):
                number, window = seen[row]
                of_text[number].append((window, own[: len(window.ids)]))
        return [read_words(text, parts) for text, parts in zip(texts, of_text, strict=True)]


def save(tagger: TokenTagger, tokenizer: Tokenizer, info: TaggerInfo, folder: Path) -> None:
    """Write the tagger into `folder`: weights and word embeddings in 4 bits, each block with a scale."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        exported = Path(scratch) / MODEL_FILE
        export_onnx(tagger, exported)
        graph = onnx.load(exported)
    quantiser = MatMulNBitsQuantizer(
        graph,
        bits=_BITS,
        block_size=_BLOCK,
        is_symmetric=True,
        accuracy_level=4,  # products in int8
        op_types_to_quantize=("MatMul", "Gather"),
        quant_axes=(("MatMul", 0), ("Gather", 1)),
    )
    quantiser.process()
    quantiser.model.save_model_to_file(str(folder / MODEL_FILE))
    (folder / TOKENIZER_FILE).write_text(tokenizer.to_str(), encoding="utf-8")
    save_info(info, folder)


def save_info(info: TaggerInfo, folder: Path) -> None:
    """Write what the tagger in `folder` is."""
    (folder / INFO_FILE).write_text(info.model_dump_json(indent=2) + "\n", encoding="utf-8")
