"""These tests need the tools of development: without them there is nothing to collect."""

from __future__ import annotations

from importlib.util import find_spec

# pytest imports a file before it looks at its marks, and the scripts cannot be imported without a YAML parser.
collect_ignore_glob = [] if find_spec("ruamel") else ["test_*.py"]
