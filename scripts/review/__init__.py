"""Reviews a change to the contract: its effects on the wire, in Python, on the versions and on the sources."""
