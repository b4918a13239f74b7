"""Checks a service and the recorded cassettes against the contract; the command is `python -m conformance`."""
