"""Where the local stack keeps its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StackPaths:
    """Files of one stack, all under `root`."""

    root: Path

    @property
    def certificates(self) -> Path:
        """The authority's certificate and every process's identity."""
        return self.root / "certs"

    @property
    def ca(self) -> Path:
        """What clients trust."""
        return self.certificates / "ca.pem"

    @property
    def issuer_key(self) -> Path:
        """Public key that the gateway checks tokens with."""
        return self.root / "issuer.pub.pem"

    @property
    def token(self) -> Path:
        """A token for the person at the keyboard (mode 600)."""
        return self.root / "user.token"

    @property
    def logs(self) -> Path:
        """One log file for each process."""
        return self.root / "logs"

    @property
    def feedback(self) -> Path:
        """Ratings and reports that the gateway took."""
        return self.root / "feedback"

    @property
    def reports(self) -> Path:
        """Drift reports."""
        return self.root / "reports"

    @property
    def state(self) -> Path:
        """What runs: processes, ports."""
        return self.root / "state.json"
