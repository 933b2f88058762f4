"""Thin Kubeflow components: each one call into a plain function."""
