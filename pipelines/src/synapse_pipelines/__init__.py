"""The model lifecycle: plain functions in data, training, evaluation and registry; thin components and workflows over them."""

__version__ = "0.1.0"
