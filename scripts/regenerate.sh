#!/usr/bin/env bash
# Generates generated/ from openapi/spec.yaml; with --check it changes nothing and reports whether generated/ is up to date.
# Runs the package regenerate, with the Python of .venv if there is one.
set -euo pipefail

root=$(CDPATH="" cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
python=$root/.venv/bin/python
[[ ! -x $root/.venv/Scripts/python.exe ]] || python=$root/.venv/Scripts/python.exe  # on Windows
if [[ ! -x $python ]]; then
    python=$(command -v python3) || {
        echo "regenerate: python3 not found; 'make regenerate' sets up .venv with the tools" >&2
        exit 2
    }
fi
# Only our modules on the path, whatever the current folder and the environment; UTF-8 in any locale; no bytecode. A fixed hash
# seed, because the generator writes what it iterates from sets.
unset "${!PYTHON@}"
PYTHONHASHSEED=0 PYTHONPATH=$root/scripts exec "$python" -P -B -X utf8 -m regenerate "$@"
