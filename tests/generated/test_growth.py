"""The contract may grow: after each compatible change, regenerating is all it takes, and the suite passes."""

from __future__ import annotations

from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import pytest
import yaml
from repositories import Project

pytestmark = [pytest.mark.tools, pytest.mark.slow]

# What the suite leaves out in a grown copy, wherever it lies, and why; of the rest, the slow tests are left out.
LEFT_OUT = {
    "test_contract.py": "pins the contract",
    "test_cassettes.py": "pins the requests and responses that were recorded",
    **dict.fromkeys(("contract_diff/*", "review/*", "regenerate/*"), "read a contract that stays as it is"),
    **dict.fromkeys(("faults/*", "real/*"), "connections, and other programs between the client and the service"),
    **dict.fromkeys(("test_rate*.py", "test_stopping.py", "test_scheduler.py"), "when requests are sent, not what, and how runs end"),
    **dict.fromkeys(("test_mocks.py", "test_benchmarks.py"), "what other libraries make of requests"),
    "test_packaging.py": "builds wheels, which takes long",
}


def grow(tree: Any) -> None:
    """Put first what growth.yaml has for each place, and then everything in the opposite order, which means nothing."""
    operation, schemas = tree["paths"]["/v3/orders/{id}"]["patch"], tree["components"]["schemas"]
    for place, additions in yaml.safe_load(Path(__file__).with_name("growth.yaml").read_text("utf-8")).items():
        node: Any = reduce(getitem, place.split("/"), {"operation": operation, **tree})
        for addition in additions.items() if isinstance(additions, dict) else [(each,) for each in additions]:
            node.insert(0, *addition)
    fields = [schema["properties"] for schema in schemas.values() if "properties" in schema]
    for mapping in (*fields, operation["responses"], schemas):
        items = list(mapping.items())[::-1]
        mapping.clear()
        mapping.update(items)
    operation["parameters"].reverse()


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy whose contract has gained all of this, regenerated."""
    project = Project(tmp_path_factory.mktemp("grown") / "project")
    with project.contract() as tree:
        grow(tree)
    done = project.run("scripts/regenerate.sh")
    assert done.returncode == 0, done.stderr
    return project


def test_the_suite_passes_after_additions_to_the_contract(grown: Project) -> None:
    """It was regenerated and type-checked; it breaks no convention, and the suite passes there."""
    done = grown.python("-P", "-m", "contract", "lint", PYTHONPATH=str(grown.root / "scripts"))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    where = "import autoenhance, autoenhance_api; print(autoenhance.__file__, autoenhance_api.__file__)"
    assert grown.python("-c", where).stdout.split() == [
        str(grown.root / "autoenhance/__init__.py"),
        str(grown.root / "generated/autoenhance_api/__init__.py"),
    ]
    options = ["--numprocesses=2", "--dist=worksteal", "--quiet", "--tb=short", "--hypothesis-profile=quick"]
    ignored = [f"--ignore-glob=tests/*{name}" for name in LEFT_OUT]
    done = grown.python("-m", "pytest", *options, "-m", "not slow", *ignored)
    assert done.returncode == 0, done.stdout + done.stderr


# What every caller can do with a new field of the request, a new parameter of the query and a new value of a response.
RIGHT = """
import asyncio
import io
import json
import os
from contextlib import redirect_stderr
from datetime import datetime
from pathlib import Path

import httpx

from autoenhance import AsyncAutoenhance, Autoenhance, OrderEdit, ValidationError, edit_order
from autoenhance.cli import main
from autoenhance.models import ImageSize, OrderStatus
from autoenhance.sandbox import Sandbox

sizes: list[str] = []
captions: list[object] = []

def note(request: httpx.Request) -> None:
    sizes.append(request.url.params["image_size"])

async def note_async(request: httpx.Request) -> None:
    note(request)

def edit(client: Autoenhance, first: str, second: str) -> None:
    captions.append(client.edit_order(first, caption="1", image_size="large")["caption"])
    response = client.edit_order_detailed(first, caption="2", image_size=ImageSize.LARGE)
    captions.append(json.loads(response.content)["caption"])
    for result in client.edit_orders([OrderEdit(second, caption="3", image_size="large")]):
        captions.append(result.order and result.order["caption"])
    wrong: str = "huge"
    try:
        client.edit_order(first, name="a", image_size=wrong)  # type: ignore[arg-type]
    except ValueError as error:
        print(error)
    try:
        client.edit_order(first, name="a", extra_query={"image_size": wrong})
    except ValidationError as error:
        print(error.status_code, *error.fields["query"])

async def edit_async(key: str, url: str, first: str, second: str) -> None:
    async with (
        httpx.AsyncClient(event_hooks={"request": [note_async]}) as http,
        AsyncAutoenhance(key, base_url=url, http_client=http) as client,
    ):
        captions.append((await client.edit_order(first, caption="4", image_size="large"))["caption"])
        response = await client.edit_order_detailed(first, caption="5", image_size="large")
        captions.append(json.loads(response.content)["caption"])
        async for result in client.edit_orders([OrderEdit(second, caption="6", image_size=ImageSize.LARGE)]):
            captions.append(result.order and result.order["caption"])

with Sandbox() as sandbox:
    first, second, third, *_ = sandbox.order_ids
    key, url = sandbox.api_key, sandbox.url
    captions.append(edit_order(first, caption="0", image_size="small", api_key=key, base_url=url)["caption"])
    with (
        httpx.Client(event_hooks={"request": [note]}) as http,
        Autoenhance(key, base_url=url, http_client=http) as client,
    ):
        edit(client, first, second)
    asyncio.run(edit_async(key, url, first, second))
    print(*captions)
    print(*sizes)
    print((sandbox.order(first) or {})["caption"], (sandbox.order(second) or {})["caption"])
    sandbox.add_order({"order_id": "new", "delivered_at": "2026-10-01T12:00:00Z", "status": "archived"})
    order = edit_order("new", name="a", api_key=key, base_url=url)
    assert isinstance(order.delivered_at, datetime)
    assert order.status is OrderStatus.ARCHIVED
    Path("orders.csv").write_text(f"order_id,Caption\\n{third},In the shed\\n")
    os.environ |= {"AUTOENHANCE_API_KEY": key, "AUTOENHANCE_BASE_URL": url}
    with redirect_stderr(io.StringIO()):
        assert main(["edit-orders", "orders.csv", "--image-size", "large"]) == 0
    print((sandbox.order(third) or {})["caption"])
"""
# A wrong type, a misspelt keyword and a misspelt value, with mypy's messages.
WRONG = [
    ("caption=7", 'incompatible type "int"; expected "str | Unset"'),
    ('captoin="a"', 'Unexpected keyword argument "captoin" for "edit_order"'),
    ('image_size="lagre"', "incompatible type \"Literal['lagre']\""),
]


def test_type_checkers_accept_what_was_added(grown: Project, tmp_path: Path) -> None:
    """mypy --strict accepts the new keywords, and neither another type nor another spelling, of keyword or value."""
    (tmp_path / "right.py").write_text(RIGHT)
    for number, (arguments, _) in enumerate(WRONG):
        call = f'from autoenhance import Autoenhance\n\nAutoenhance().edit_order("a", {arguments})\n'
        (tmp_path / f"wrong_{number}.py").write_text(call)
    options = ["--config-file=", "--strict", "--cache-dir=.mypy_cache/regenerate"]
    files = sorted(map(str, tmp_path.glob("*.py")))
    done = grown.python("-m", "mypy", *options, *files, MYPYPATH=f"{grown.root}:{grown.root / 'generated'}")
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert len(errors) == len(WRONG), done.stdout + done.stderr
    for number, (_, message) in enumerate(WRONG):
        assert any(f"wrong_{number}.py:3: error: " in error and message in error for error in errors), errors


def test_every_caller_sends_what_was_added_and_the_sandbox_keeps_it(grown: Project, tmp_path: Path) -> None:
    """Sync, async, in bulk and with the command; an undocumented value is refused by the client, else by the sandbox."""
    (tmp_path / "right.py").write_text(RIGHT)
    done = grown.python("-W", "error", str(tmp_path / "right.py"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "image_size is 'huge'; it must be one of 'large', 'small'",
        "422 image_size",
        "0 1 2 3 4 5 6",
        "large large large huge large large large",
        "5 6",
        "In the shed",
    ]
