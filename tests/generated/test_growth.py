"""The contract may grow: after each compatible change, regenerating is all it takes, and the suite passes."""

from __future__ import annotations

import json
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
    **dict.fromkeys(("test_rate*.py", "test_stopping.py", "test_scheduler.py"), "when requests are sent, not what"),
    **dict.fromkeys(("test_disk_full.py", "test_signals.py"), "how the command ends, not what it sends"),
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


def test_the_suite_passes_whatever_the_contract_gains(grown: Project) -> None:
    """It was regenerated and type-checked; it breaks no convention, and the suite passes there."""
    done = grown.tool("contract", "lint")
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
import json
from datetime import datetime

import httpx

from autoenhance import AsyncAutoenhance, Autoenhance, OrderEdit, ValidationError, edit_order
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
    first, second, *_ = sandbox.order_ids
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
"""
WRONG = {
    "a wrong type": ("caption=7", 'incompatible type "int"; expected "str | Unset"'),
    "a misspelt keyword": ('captoin="a"', 'Unexpected keyword argument "captoin" for "edit_order"'),
    "a misspelt value": ('image_size="lagre"', "incompatible type \"Literal['lagre']\""),
}
COMMAND = """
import json
import os
import sys
from pathlib import Path

from autoenhance.cli import main
from autoenhance.sandbox import Sandbox

with Sandbox() as sandbox:
    os.environ |= {"AUTOENHANCE_API_KEY": sandbox.api_key, "AUTOENHANCE_BASE_URL": sandbox.url}
    first, second, *_ = sandbox.order_ids
    assert main(["edit-order", first, "--caption", "At the gate", "--image-size", "large", "--json"]) == 0
    print()
    assert main(["edit-order", first, "--caption", "b", "--image-size", "lagre"]) == 2
    Path("orders.csv").write_text(f"order_id,Caption\\n{second},In the shed\\n")
    assert main(["edit-orders", "orders.csv"]) == 0
    print((sandbox.order(second) or {})["caption"])
"""
NOTE, SIZE = "What stands below the images.", "The size of the images in the response."


def test_type_checkers_know_what_was_added(grown: Project, tmp_path: Path) -> None:
    """mypy --strict accepts the new keywords, and neither another type nor another spelling, of keyword or value."""
    (tmp_path / "right.py").write_text(RIGHT)
    for number, (arguments, _) in enumerate(WRONG.values()):
        (tmp_path / f"wrong_{number}.py").write_text(
            f'from autoenhance import Autoenhance\n\nAutoenhance().edit_order("a", {arguments})\n'
        )
    files = sorted(map(str, tmp_path.glob("*.py")))
    path = f"{grown.root}:{grown.root / 'generated'}"
    done = grown.python(
        "-m", "mypy", "--config-file=", "--strict", "--cache-dir=.mypy_cache/regenerate", *files, MYPYPATH=path
    )
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert len(errors) == len(WRONG), done.stdout + done.stderr
    for number, (_, message) in enumerate(WRONG.values()):
        assert any(f"wrong_{number}.py:3: error: " in error and message in error for error in errors), errors


def test_every_way_to_edit_sends_what_was_added_and_the_sandbox_keeps_it(grown: Project, tmp_path: Path) -> None:
    """Sync, async and in bulk; a value that the contract does not have is refused by the client, else by the sandbox."""
    (tmp_path / "right.py").write_text(RIGHT)
    done = grown.python("-W", "error", str(tmp_path / "right.py"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "image_size is 'huge'; it must be one of 'large', 'small'",
        "422 image_size",
        "0 1 2 3 4 5 6",
        "large large large huge large large large",
        "5 6",
    ]


def test_the_command_has_an_option_and_a_column_for_what_was_added(grown: Project, tmp_path: Path) -> None:
    """Help describes them; a table may spell the column as people do."""
    main = "import sys; from autoenhance.cli import main; sys.exit(main())"
    said = " ".join(grown.python("-c", main, "edit-order", "--help").stdout.split())
    assert f"--caption TEXT {NOTE} " in said
    assert f"--image-size [large|small] {SIZE} " in said
    assert "caption" in grown.python("-c", main, "edit-orders", "--help").stdout
    program = tmp_path / "command.py"
    program.write_text(COMMAND)
    done = grown.python("-W", "error", str(program))
    assert done.returncode == 0, done.stderr
    edited, from_table = done.stdout.splitlines()
    assert json.loads(edited)["caption"] == "At the gate"
    assert from_table == "In the shed"
    assert "'lagre' is not one of 'large', 'small'; did you mean 'large'?" in " ".join(done.stderr.split())
