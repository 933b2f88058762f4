"""The guard, composed: which stages a call passes, in which order. This page is the place to read what is guarded."""

from __future__ import annotations

from dataclasses import dataclass

from synapse_common.errors import SynapseError

from synapse_gateway.chain import Chain, E, FailOpen, Stage
from synapse_gateway.clients.moderation import Moderator
from synapse_gateway.clients.upstream import ChatUpstream
from synapse_gateway.exchange import BatchExchange, ChatExchange, Exchange, FeedbackExchange, UsersExchange
from synapse_gateway.metrics import GatewayMetrics
from synapse_gateway.recording.recorder import Recorder
from synapse_gateway.settings import GatewaySettings, OnFailure
from synapse_gateway.stages.authenticate import Authenticate
from synapse_gateway.stages.authorise import Authorise
from synapse_gateway.stages.limit import Limit
from synapse_gateway.stages.mask_input import MaskBatch, MaskInput
from synapse_gateway.stages.mask_output import MaskOutput
from synapse_gateway.stages.moderate_batch import ModerateBatch
from synapse_gateway.stages.moderate_input import ModerateInput
from synapse_gateway.stages.moderate_output import ModerateOutput
from synapse_gateway.stages.record import Record
from synapse_gateway.stages.route import Route, aliases_of
from synapse_gateway.stages.sanitise import Sanitise
from synapse_gateway.stages.upstream import Upstream
from synapse_gateway.stages.validate.batch import ValidateBatch
from synapse_gateway.stages.validate.chat import ValidateChat
from synapse_gateway.stages.validate.feedback import ValidateFeedback
from synapse_gateway.stages.validate.moderation_model import ValidateModerationModel
from synapse_gateway.stages.validate.users import ValidateUsers


@dataclass(frozen=True)
class Guard:
    """The chains, one for each kind of call; `record` runs after each that moderates, however it ended."""

    chat_input: Chain[ChatExchange]
    """Before the upstream sees anything."""
    chat_answer: Chain[ChatExchange]
    """A whole answer: asked for, moderated, masked."""
    chat_window: Chain[ChatExchange]
    """One window of a streamed answer, before the caller sees it."""
    moderation: Chain[BatchExchange]
    embeddings: Chain[BatchExchange]
    clustering: Chain[UsersExchange]
    feedback: Chain[FeedbackExchange]
    record: Chain[Exchange]


def build_guard(
    settings: GatewaySettings,
    limit: Limit,
    moderator: Moderator,
    upstream: ChatUpstream,
    recorder: Recorder,
    metrics: GatewayMetrics,
) -> Guard:
    """Compose the chains.

    Raises:
        ConfigurationError: the token issuer's key cannot be used.
    """
    limits, on_failure = settings.limits, settings.guard

    access: tuple[Stage[Exchange], ...] = (
        Authenticate(settings.auth),
        Authorise(),
        _guarded(limit, Limit.outages, on_failure.limit_on_failure, metrics),
    )

    sanitise = Sanitise()
    moderate_input = _guarded(
        ModerateInput(moderator, metrics), ModerateInput.outages, on_failure.moderate_input_on_failure, metrics
    )
    moderate_output = _guarded(
        ModerateOutput(moderator, settings.stream.tail_chars, metrics),
        ModerateOutput.outages,
        on_failure.moderate_output_on_failure,
        metrics,
    )
    mask_output = MaskOutput()

    return Guard(
        chat_input=Chain(
            [
                *access,
                ValidateChat(limits),
                Route(aliases_of(settings.upstream)),
                sanitise,
                moderate_input,
                MaskInput(),
            ],
            metrics,
        ),
        chat_answer=Chain([Upstream(upstream, settings.stream), moderate_output, mask_output], metrics),
        chat_window=Chain([moderate_output, mask_output], metrics),
        moderation=Chain(
            [*access, ValidateModerationModel(), ValidateBatch(limits), sanitise, ModerateBatch(moderator)], metrics
        ),
        embeddings=Chain([*access, ValidateBatch(limits), sanitise, MaskBatch()], metrics),
        clustering=Chain([*access, ValidateUsers(limits)], metrics),
        feedback=Chain([*access, ValidateFeedback()], metrics),
        record=Chain([Record(recorder)], metrics),
    )


def _guarded(
    stage: Stage[E], outages: tuple[type[SynapseError], ...], on_failure: OnFailure, metrics: GatewayMetrics
) -> Stage[E]:
    """The stage, failing as its setting says."""
    return FailOpen(stage, outages, metrics) if on_failure == "open" else stage
