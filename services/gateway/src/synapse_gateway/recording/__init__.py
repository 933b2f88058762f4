"""Prediction events on their way to the drift monitor."""
