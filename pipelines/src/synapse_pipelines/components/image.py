"""The container image that components run in on a cluster: it carries this package, nothing is installed later.

KFP writes the image's name into a pipeline when it compiles it. Set ``SYNAPSE_PIPELINES_IMAGE`` in the environment of
`synapse_pipelines.workflows.compile` to name your registry's copy; unset, it is ``synapse-pipelines:<version>``.
"""

import os

from synapse_pipelines import __version__

IMAGE = os.environ.get("SYNAPSE_PIPELINES_IMAGE", f"synapse-pipelines:{__version__}")
