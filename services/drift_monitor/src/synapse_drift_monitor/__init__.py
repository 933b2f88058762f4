"""The drift monitor: compares live predictions with the model's reference window."""
