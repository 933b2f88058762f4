"""The model lifecycle: plain functions, thin Kubeflow components over them, and pipelines over those."""

__version__ = "0.1.0"
