"""What reading, writing and loading cost, in counts that do not wobble; cost_limits.toml says how much they may."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections import Counter
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import pytest

import autoenhance
import autoenhance_api
from autoenhance_api.models import Image

if TYPE_CHECKING:
    from autoenhance.sandbox import Sandbox

LIMITS: dict[str, dict[str, int]] = tomllib.loads(Path(__file__).with_name("cost_limits.toml").read_text("utf-8"))

# Both count in a process of their own: nothing is loaded there, and no coverage is measured by the same means.
IMAGES = """
import gc, json, sys, tracemalloc
from collections import Counter
from autoenhance_api.models import Order

with open(sys.argv[1], encoding="utf-8") as file:
    order = json.load(file)[0]
orders = [{**order, "images": [dict(order["images"][0]) for _ in range(count)]} for count in (10, 110)]
objects = [Order.from_dict(order) for order in orders]

def events(call):
    seen = Counter()
    def trace(frame, event, argument):
        seen[event] += 1
        return trace
    for set_trace in (sys.setprofile, sys.settrace):
        set_trace(trace)
        call()
        set_trace(None)
    # Both see calls of Python's functions.
    return {"python_calls": seen["call"] // 2, "c_calls": seen["c_call"], "lines": seen["line"]}

def held(call):
    gc.collect()
    tracemalloc.start()
    kept = call()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return {"bytes": size}

def for_each_image(few, many):
    few, many = ({**events(call), **held(call)} for call in (few, many))
    return {name: (many[name] - few[name]) / 100 for name in few}

print(json.dumps({
    "read": for_each_image(*[lambda order=order: Order.from_dict(order) for order in orders]),
    "write": for_each_image(*[order.to_dict for order in objects]),
}))
"""
MODULES = """
import json, os, sys
before = set(sys.modules)
# httpx loads these where they are installed, whether it is asked to or not.
sys.modules.update(dict.fromkeys({unwanted!r}))
{code}
new = set(sys.modules) - before - set({unwanted!r})
standard = {{name for name in new if name.partition(".")[0] in sys.stdlib_module_names}}
print(json.dumps([sorted(new - standard), sorted(standard)]))
"""
CODE = {
    "import": "import autoenhance",
    "sync_edit": """
from autoenhance import Autoenhance
with Autoenhance(os.environ["KEY"], base_url=os.environ["URL"]) as client:
    client.edit_order(os.environ["ORDER"], name="a")
""",
    "async_edit": """
import asyncio
from autoenhance import AsyncAutoenhance
async def edit():
    async with AsyncAutoenhance(os.environ["KEY"], base_url=os.environ["URL"]) as client:
        await client.edit_order(os.environ["ORDER"], name="a")
asyncio.run(edit())
""",
    "help": """
import contextlib, io
from autoenhance.cli import main
with contextlib.redirect_stdout(io.StringIO()) as output:
    main(["--help"])
assert "edit-orders" in output.getvalue()
""",
}
OPTIONAL = {"help": ["trio", "h2"], "sync_edit": ["trio", "h2", "click", "rich", "pygments"]}
WHERE_TO_LOOK = {
    "read": "from_dict and _parse_… in generated/autoenhance_api/models/image.py, which openapi/templates make",
    "write": "to_dict in generated/autoenhance_api/models/image.py, which openapi/templates make",
}


def output_of(code: str, *arguments: str, **environment: str) -> str:
    """What a Python without site prints: nothing that is installed is loaded before the code loads it."""
    packages = [Path(str(module.__file__)).parent.parent for module in (autoenhance, autoenhance_api)]
    path = os.pathsep.join([*map(str, packages), *(entry for entry in sys.path if entry.endswith("site-packages"))])
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "PYTHON"))}
    env = {**inherited, "PYTHONPATH": path, "PYTHONHASHSEED": "0", **environment}
    command = [sys.executable, "-S", "-c", code, *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_image_costs_no_more_calls_lines_and_bytes_than_allowed() -> None:
    """Calls and lines are what grows when work is done twice; bytes are what ten thousand images multiply."""
    orders = Path(str(autoenhance.__file__)).parent / "sandbox/orders.json"
    counted: dict[str, dict[str, float]] = json.loads(output_of(IMAGES, str(orders)))
    fields = LIMITS["image"]["fields"]
    more_fields = max(0, len(attrs.fields(Image)) - fields)
    grown = [
        f"{part}: {counted[part][name]:g} {name} for each image, where {limit} are allowed; see {WHERE_TO_LOOK[part]}"
        for part in ("read", "write")
        for name, limit in LIMITS[part].items()
        if counted[part][name] > limit + more_fields * ceil(limit / fields)
    ]
    assert not grown, "\n".join(grown)


@pytest.mark.tools
@pytest.mark.parametrize("what", CODE)
def test_no_more_modules_are_loaded_than_allowed(sandbox: Sandbox, what: str) -> None:
    """As a user has them installed: with the pinned dependencies, and without what only developers have."""
    code = MODULES.format(code=CODE[what], unwanted=OPTIONAL.get(what, OPTIONAL["sync_edit"]))
    modules, standard = json.loads(output_of(code, KEY=sandbox.api_key, URL=sandbox.url, ORDER=sandbox.order_ids[0]))
    # How many models there are is the contract's business.
    modules = [name for name in modules if not name.startswith("autoenhance_api.models.")]
    limits = LIMITS[what]
    counts = Counter(name.partition(".")[0] for name in modules)
    assert len(modules) <= limits["modules"], f"{what} loads {len(modules)} modules: {counts}"
    assert len(standard) <= limits["standard_library"], f"{what} loads of the standard library: {standard}"
