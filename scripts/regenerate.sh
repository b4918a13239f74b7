#!/usr/bin/env bash
# Generates generated/ from openapi/spec.yaml; with --check it only tells whether generated/ is what the contract gives.
# scripts/regenerate.py does the work; this finds a Python for it that has the tools.
set -euo pipefail

root=$(CDPATH="" cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
python=$root/.venv/bin/python
if [[ ! -x $python ]]; then
    python=$(command -v python3) || {
        echo "regenerate: there is no Python here; 'make regenerate' sets one up in .venv with the tools." >&2
        exit 2
    }
fi
# UTF-8 whatever the locale, no bytecode beside the scripts, and none of the caller's PYTHON* settings.
exec "$python" -E -B -X utf8 "$root/scripts/regenerate.py" "$@"
