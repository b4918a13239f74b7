#!/usr/bin/env bash
# Generates generated/ from openapi/spec.yaml; with --check it only tells whether generated/ is what the contract gives.
# The package regenerate does the work; this finds a Python for it that has the tools.
set -euo pipefail

root=$(CDPATH="" cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
python=$root/.venv/bin/python
if [[ ! -x $python ]]; then
    python=$(command -v python3) || {
        echo "regenerate: there is no Python here; 'make regenerate' sets one up in .venv with the tools." >&2
        exit 2
    }
fi
# Only our modules on the path, whatever the caller's folder and settings; UTF-8 whatever the locale; no bytecode. Sets in
# the same order each time: the generator writes what they hold.
unset "${!PYTHON@}"
PYTHONHASHSEED=0 PYTHONPATH=$root/scripts exec "$python" -P -B -X utf8 -m regenerate "$@"
