"""Generates generated/ from the contract; scripts/regenerate.sh is the command."""
