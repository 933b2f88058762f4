"""What every Synapse service shares.

Importing this package restricts grpc's TLS to 1.3: grpcio has no minimum-version setting, but reads its TLS 1.2 cipher
list from the environment when its core first starts, so a list that no TLS 1.2 peer can meet leaves 1.3 alone (its
suites are not governed by that list). See docs/decisions/0004-tls13-only.md.
"""

import os

os.environ["GRPC_SSL_CIPHER_SUITES"] = "PSK-AES128-CBC-SHA"
