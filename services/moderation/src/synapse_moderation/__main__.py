"""Run the predictor: ``python -m synapse_moderation``."""

from synapse_common.server import main

from synapse_moderation.app import ModerationApp
from synapse_moderation.settings import ModerationSettings

raise SystemExit(main(ModerationSettings, ModerationApp))
