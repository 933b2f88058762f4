"""Experiment pages: every MLflow run as a static HTML page, and an index of them."""
