"""The package of a contract in which an edit can set values of every type, for tests of what the real one does not have yet."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from real_contract import DOCUMENT

import autoenhance

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parent.parent.parent
FIELDS: dict[str, dict[str, Any]] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text("utf-8"))
QUERY = {"name": "sample-sort", "in": "query", "schema": {"type": "string", "enum": ["name", "created_at"]}}


def document(*required: str) -> Any:
    """The contract with these fields and this parameter, which come first, and some of which it may require."""
    made = copy.deepcopy(DOCUMENT)
    update = made["components"]["schemas"]["OrderUpdate"]
    fields = {name: {**schema, "description": f"What {name} is."} for name, schema in FIELDS.items()}
    update["properties"] = {**fields, **update["properties"]}
    update["required"] = [name for name in fields if name in required]
    (path,) = made["paths"].values()
    sort = {**QUERY, "required": QUERY["name"] in required, "description": "What sample-sort is."}
    path["patch"]["parameters"].insert(0, sort)
    return made


def make(folder: Path, made: Any = None) -> Path:
    """Generate the package of this contract, or of another one, into a folder, which goes on PYTHONPATH."""
    from regenerate.generator import generate  # slow

    made, package = made or document(), folder / "autoenhance_api"
    errors = generate(made, ROOT / "openapi", package, templates=ROOT / "openapi/templates", with_hooks=False)
    assert not errors
    (package / "openapi.json").write_text(json.dumps(made), encoding="utf-8")
    return folder


def run(folder: Path, command: Sequence[str], given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program with that package, and this facade."""
    path = os.pathsep.join(map(str, (folder, Path(str(autoenhance.__file__)).parent.parent)))
    env = {**os.environ, "PYTHONPATH": path, "COLUMNS": "80", **environment}
    return subprocess.run(
        [sys.executable, *command], env=env, input=given, capture_output=True, encoding="utf-8", check=False
    )
