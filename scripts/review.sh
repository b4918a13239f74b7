#!/usr/bin/env bash
# Reviews a change to the contract; review.sh --help lists the options. make exits with 2 after any failure: call this instead
# of `make review` to distinguish "breaking" (1) from "could not be done" (2).
set -euo pipefail

root=$(CDPATH="" cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
python=$root/.venv/bin/python
[[ ! -x $root/.venv/Scripts/python.exe ]] || python=$root/.venv/Scripts/python.exe  # on Windows
if [[ ! -x $python ]]; then
    echo "review: .venv not found; 'make setup' installs the tools" >&2
    exit 2
fi
# Only our modules on the path, whatever the current folder and the environment; UTF-8 in any locale; no bytecode.
unset "${!PYTHON@}"
PYTHONPATH=$root/scripts exec "$python" -P -B -X utf8 -m review "$@"
