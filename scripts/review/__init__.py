"""What a change to the contract means, and how the contract stands against the service's own description."""
