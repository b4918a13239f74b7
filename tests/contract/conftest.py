"""What reads the contract needs the tools of development: without them there is nothing to collect."""

from __future__ import annotations

from importlib.util import find_spec

# pytest imports a file before it looks at its marks.
collect_ignore = [] if find_spec("yamllint") else ["test_lint.py"]
