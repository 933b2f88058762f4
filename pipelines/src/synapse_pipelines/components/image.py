"""The container image that components run in on a cluster: it carries this package, nothing is installed later."""

import os

from synapse_pipelines import __version__

IMAGE = os.environ.get("SYNAPSE_PIPELINES_IMAGE", f"synapse-pipelines:{__version__}")
