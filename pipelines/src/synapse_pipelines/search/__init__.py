"""Hyper-parameter search: one space, searched by Optuna here and by Katib on a cluster."""
