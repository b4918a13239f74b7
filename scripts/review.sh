#!/usr/bin/env bash
# Says what a change to the contract means; options and exit status: review.sh --help. `make review` calls it.
set -euo pipefail
here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
PYTHONPATH="$here" exec "$here/../.venv/bin/python" -m review "$@"
