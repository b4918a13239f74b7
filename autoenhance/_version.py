"""The version of the distribution, stated once: pyproject.toml and the User-Agent read it here."""

__version__ = "0.1.0"
"""The version of this distribution."""
