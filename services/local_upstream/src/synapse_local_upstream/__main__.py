"""``python -m synapse_local_upstream``: run the server."""

from synapse_local_upstream.run import main

if __name__ == "__main__":
    raise SystemExit(main())
