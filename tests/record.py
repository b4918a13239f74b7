"""`make record`: records the cassettes again, from the sandbox or from the live service."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))

from cassettes import FOLDER, record

if __name__ == "__main__":
    for name in record():
        print(f"recorded {FOLDER.parent.name}/{FOLDER.name}/{name}.yaml")
    print("Read the difference before you commit it: an account's data may be in it.")
