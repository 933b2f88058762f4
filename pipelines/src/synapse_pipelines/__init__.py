"""The model lifecycle: plain functions in data, training, evaluation and registry; thin components and workflows over them."""
