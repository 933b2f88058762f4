"""The drift monitor: compares live predictions with the reference window of the model that made them."""
