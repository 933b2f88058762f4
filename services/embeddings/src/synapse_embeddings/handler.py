"""The rules of an embeddings call: which model, which texts, how long the vectors."""

from __future__ import annotations

from collections.abc import Sequence

from synapse_common.errors import InvalidInput, NotFound, Unavailable

from synapse_embeddings.answer import EmbeddingResult
from synapse_embeddings.settings import EmbeddingsSettings
from synapse_embeddings.upstream import Upstream


class EmbeddingsHandler:
    """Checks calls and has the upstream answer them."""

    def __init__(self, upstream: Upstream, settings: EmbeddingsSettings) -> None:
        self._upstream = upstream
        self._settings = settings
        self._models = tuple(dict.fromkeys((settings.default_model, *settings.models)))
        # Length of each model's own vectors, learnt from its first answer.
        self._dimensions: dict[str, int] = {}

    async def probe(self) -> None:
        """Embed one word with every model, and learn how long its vectors are.

        Raises:
            Unavailable: a model does not answer as it should; says which and why.
        """
        for model in self._models:
            try:
                result = await self._upstream.embed(["ready"], model, dimensions=None, expected=None, deadline_s=None)
            except InvalidInput as error:
                raise Unavailable(f"the upstream refuses model {model!r}: {error.message}") from error
            self._dimensions[model] = result.vectors.shape[1]

    async def embed(
        self, inputs: Sequence[str], model: str, dimensions: int, deadline_s: float | None
    ) -> EmbeddingResult:
        """Embed `inputs`; one vector each, in order.

        Args:
            inputs: non-empty texts.
            model: one of the models in the settings; empty for the default one.
            dimensions: length of the vectors; 0 for the model's own.
            deadline_s: seconds the caller still waits, or None.

        Raises:
            InvalidInput: no text, an empty text, a text or batch over its limit, dimensions the model cannot give.
            NotFound: a model that is not in the settings.
            Unavailable, ResourceExhausted, DeadlineExceeded: the upstream did not answer; see `Upstream.embed`.
        """
        chosen = model or self._settings.default_model
        if chosen not in self._models:
            raise NotFound(f"no model {chosen[:64]!r} here; there are: {', '.join(self._models)}", field="model")
        self._check_inputs(inputs)
        own = self._checked_dimensions(chosen, dimensions)
        expected = dimensions or own
        # Models of one length only refuse the parameter, so it is not sent when it says what they do anyway.
        asked = None if expected == own else expected
        return await self._upstream.embed(inputs, chosen, dimensions=asked, expected=expected, deadline_s=deadline_s)

    def _check_inputs(self, inputs: Sequence[str]) -> None:
        limits = self._settings
        if not inputs:
            raise InvalidInput("there is no text to embed", field="inputs")
        if len(inputs) > limits.max_batch:
            raise InvalidInput(f"{len(inputs)} texts; at most {limits.max_batch} a call", field="inputs")
        for index, text in enumerate(inputs):
            field = f"inputs[{index}]"
            if not text.strip():
                raise InvalidInput(f"{field} is empty", field=field)
            if len(text) > limits.max_text_chars:
                raise InvalidInput(f"{field} has {len(text)} characters; at most {limits.max_text_chars}", field=field)

    def _checked_dimensions(self, model: str, dimensions: int) -> int:
        """The length of the model's own vectors, which `dimensions` must not exceed."""
        own = self._dimensions.get(model)
        if own is None:
            raise Unavailable("the upstream has not answered yet", retry_after_s=2)
        if not 0 <= dimensions <= own:
            raise InvalidInput(f"{model} has {own} dimensions; {dimensions} cannot be given", field="dimensions")
        return own
