"""``python -m synapse_drift_monitor``: run the service."""

from synapse_common.server import main

from synapse_drift_monitor.app import DriftMonitorApp
from synapse_drift_monitor.settings import DriftMonitorSettings

if __name__ == "__main__":
    raise SystemExit(main(DriftMonitorSettings, DriftMonitorApp))
