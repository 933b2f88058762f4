"""How far a window of predictions is from the reference: signals, their binning, and the distance between them."""
