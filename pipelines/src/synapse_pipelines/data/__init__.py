"""From source tables to a prepared, split and versioned data set."""
