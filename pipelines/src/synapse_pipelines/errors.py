"""Errors of the pipelines. Their messages say what is wrong and what to do next, and quote no message text."""

from synapse_common.errors import SynapseError


class DataError(SynapseError):
    """Source data is missing or unusable as a whole (single bad rows are quarantined instead)."""


class AugmentationError(SynapseError):
    """Generated rows cannot be made: a model or an upstream is missing or refuses."""


class TrainingError(SynapseError):
    """Training cannot start or did not reach a usable model."""


class StoppedError(TrainingError):
    """The process was asked to end; nothing is wrong with the training."""


class GateError(SynapseError):
    """A trained model is not good enough to become a candidate."""


class PipelineError(SynapseError):
    """A step of a pipeline run failed."""
