"""Stand-ins for what the gateway talks to: real servers on loopback with scripted behaviour."""
