"""Figures on held-out data, the baseline to beat, and the gate."""
