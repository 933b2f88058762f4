"""What every Synapse service shares.

Importing this package restricts grpc's TLS to 1.3: grpcio has no minimum-version setting, but reads its TLS 1.2 cipher
list from the environment when its core first starts, so a list that no TLS 1.2 peer can meet leaves 1.3 alone (its
suites are not governed by that list). See docs/decisions/0004-tls13-only.md.

It also silences the log of grpc's core, which writes lines of its own format between ours; what goes wrong with a call
is told by its status. Set GRPC_VERBOSITY=ERROR, INFO or DEBUG to hear it.
"""

import os

os.environ["GRPC_SSL_CIPHER_SUITES"] = "PSK-AES128-CBC-SHA"
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
