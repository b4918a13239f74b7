"""Checks a service, and what was recorded of it, against the contract; `python -m conformance` is the command."""
