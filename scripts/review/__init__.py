"""Reviews a change to the contract: what it means on the wire, in Python, for the versions and for the sources."""
