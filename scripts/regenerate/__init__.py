"""Generates generated/ from the contract; the command is scripts/regenerate.sh."""
