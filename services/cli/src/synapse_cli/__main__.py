"""``python -m synapse_cli`` is the ``synapse`` command."""

from synapse_cli.main import main

main()
