"""Transport security: credentials for servers and channels, and a local authority for one machine."""

from synapse_common.tls.authority import LocalAuthority
from synapse_common.tls.credentials import client_ssl_context, open_channel, server_credentials, server_ssl_context

__all__ = ["LocalAuthority", "client_ssl_context", "open_channel", "server_credentials", "server_ssl_context"]
