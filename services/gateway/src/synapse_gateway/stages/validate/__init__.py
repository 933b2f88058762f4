"""The rules a request must keep, one file for each kind of request; every refusal names the field."""
