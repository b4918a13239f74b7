#!/usr/bin/env bash
# Says what a change to the contract means; review.sh --help tells the options. make turns every failure into its own
# status 2: who needs to tell "breaking" (1) from "could not be done" (2) calls this instead of `make review`.
set -euo pipefail

root=$(CDPATH="" cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
python=$root/.venv/bin/python
if [[ ! -x $python ]]; then
    echo "review: there are no tools here; 'make setup' installs them." >&2
    exit 2
fi
# Only our modules on the path, whatever the caller's folder and settings; UTF-8 whatever the locale; no bytecode.
unset "${!PYTHON@}"
PYTHONPATH=$root/scripts exec "$python" -P -B -X utf8 -m review "$@"
