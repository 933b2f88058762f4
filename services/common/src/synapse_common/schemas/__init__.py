"""The three source tables of the training pipeline, one row model each."""

from synapse_common.schemas.rows import AnnotationRow, ChatLogRow, FeedbackRow, SourceRow

__all__ = ["AnnotationRow", "ChatLogRow", "FeedbackRow", "SourceRow"]
