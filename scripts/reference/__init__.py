"""Builds the Python reference from the docstrings with pdoc."""
