"""Training, calibration and export of the moderation classifier and the user clusters."""
