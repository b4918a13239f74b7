"""The contract may grow: after each compatible change, regenerating is all it takes, and the suite passes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from repositories import PATH, Project

if TYPE_CHECKING:
    from pathlib import Path

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


def _schemas(tree: Any) -> Any:
    return tree["components"]["schemas"]


def _operation(tree: Any) -> Any:
    return tree["paths"][PATH]["patch"]


def _fact(description: str, **keywords: Any) -> dict[str, Any]:
    """A part of the contract, as the conventions want it."""
    return {**keywords, "description": description, "x-source": "observed"}


def _nullable(description: str, **keywords: Any) -> dict[str, Any]:
    return _fact(description, type=["string", "null"], **keywords, **{"x-null-source": "observed"})


def _parameter(description: str, name: str, location: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, **_fact(description, required=False, schema=schema, **{"in": location})}


def _response(description: str, schema: str) -> dict[str, Any]:
    media = {"schema": {"$ref": f"#/components/schemas/{schema}"}, "example": {"message": "a"}}
    return _fact(description, content={"application/json": media})


def _add_response_fields(tree: Any) -> None:
    _schemas(tree)["Order"]["properties"].insert(
        0, "delivered_at", _nullable("When the order was delivered.", format="date-time")
    )
    _schemas(tree)["Image"]["properties"].insert(0, "caption", _nullable("What stands below the image."))


def _add_enum_values(tree: Any) -> None:
    _schemas(tree)["OrderStatus"]["enum"].insert(0, "archived")
    _schemas(tree)["ImageSortOrder"]["enum"].insert(0, "rating")
    _schemas(tree)["ImageSortOrder"]["x-enum-varnames"].insert(0, "RATING")


def _add_request_fields(tree: Any) -> None:
    fields = _schemas(tree)["OrderUpdate"]["properties"]
    fields.insert(0, "caption", _fact("What stands below the images.", type="string"))
    fields.insert(0, "is_urgent", _fact("Whether the order is urgent.", type="boolean"))


def _add_query_parameter(tree: Any) -> None:
    _schemas(tree)["ImageSize"] = _fact(
        "A size of images. Others are possible.", type="string", enum=["small", "large"], **{"x-open-enum": True}
    )
    schema = {"$ref": "#/components/schemas/ImageSize"}
    parameter = _parameter("The size of the images in the response.", "image_size", "query", schema)
    _operation(tree)["parameters"].insert(0, parameter)


def _add_header(tree: Any) -> None:
    _operation(tree)["parameters"].insert(0, _parameter("Who asks.", "x-asked-by", "header", {"type": "string"}))


def _add_statuses(tree: Any) -> None:
    _schemas(tree)["LockedBody"] = _fact(
        "The body of a 423.",
        type="object",
        additionalProperties=True,
        properties={"locked_until": _nullable("Until when nobody may edit the order.", format="date-time")},
    )
    _operation(tree)["responses"].insert(0, "403", _response("The key may not edit this order.", "ErrorBody"))
    _operation(tree)["responses"].insert(0, "423", _response("Somebody else edits the order.", "LockedBody"))


def _add_time_to_query(tree: Any) -> None:
    schema = {"type": "string", "format": "date-time"}
    parameter = _parameter("The edit is refused if the order changed since.", "unchanged_since", "query", schema)
    _operation(tree)["parameters"].insert(0, parameter)


def _reverse(tree: Any) -> None:
    """The order says nothing in OpenAPI."""
    fields = [schema["properties"] for schema in _schemas(tree).values() if "properties" in schema]
    for mapping in (*fields, _operation(tree)["responses"], _schemas(tree)):
        items = list(mapping.items())[::-1]
        mapping.clear()
        mapping.update(items)
    _operation(tree)["parameters"].reverse()


# `_reverse` comes last, and the parameters that were put first are last then.
CHANGES = (
    *(_add_response_fields, _add_enum_values, _add_request_fields, _add_query_parameter),
    *(_add_header, _add_statuses, _add_time_to_query, _reverse),
)


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy whose contract has gained all of this, regenerated."""
    project = Project(tmp_path_factory.mktemp("grown") / "project")
    with project.contract() as tree:
        for change in CHANGES:
            change(tree)
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

requests: list[httpx.Request] = []
captions: list[object] = []


async def note(request: httpx.Request) -> None:
    requests.append(request)


def edit(sandbox: Sandbox, first: str, second: str) -> None:
    edit_order(first, caption="0", image_size="small", api_key=sandbox.api_key, base_url=sandbox.url)
    captions.append((sandbox.order(first) or {})["caption"])
    with (
        httpx.Client(event_hooks={"request": [requests.append]}) as http,
        Autoenhance(sandbox.api_key, base_url=sandbox.url, http_client=http) as client,
    ):
        captions.append(client.edit_order(first, caption="1", image_size="large")["caption"])
        response = client.edit_order_detailed(first, caption="2", image_size=ImageSize.LARGE)
        captions.append(json.loads(response.content)["caption"])
        for result in client.edit_orders([OrderEdit(second, caption="3", image_size="large")]):
            assert result.order is not None, result.error
            captions.append(result.order["caption"])
        sent = len(requests)
        wrong: str = "huge"
        try:
            client.edit_order(first, name="a", image_size=wrong)  # type: ignore[arg-type]
        except ValueError as error:
            print(error)
        assert len(requests) == sent
        try:
            client.edit_order(first, name="a", extra_query={"image_size": wrong})
        except ValidationError as error:
            print(error.status_code, *error.fields["query"])
        assert len(requests) == sent + 1
        del requests[sent:]


async def edit_async(sandbox: Sandbox, first: str, second: str) -> None:
    async with (
        httpx.AsyncClient(event_hooks={"request": [note]}) as http,
        AsyncAutoenhance(sandbox.api_key, base_url=sandbox.url, http_client=http) as client,
    ):
        captions.append((await client.edit_order(first, caption="4", image_size="large"))["caption"])
        response = await client.edit_order_detailed(first, caption="5", image_size="large")
        captions.append(json.loads(response.content)["caption"])
        async for result in client.edit_orders([OrderEdit(second, caption="6", image_size=ImageSize.LARGE)]):
            assert result.order is not None, result.error
            captions.append(result.order["caption"])


with Sandbox() as sandbox:
    first, second, third, *_ = sandbox.order_ids
    edit(sandbox, first, second)
    asyncio.run(edit_async(sandbox, first, second))
    print(*captions)
    print(*(json.loads(request.content)["caption"] for request in requests))
    print(*(request.url.params["image_size"] for request in requests))
    print((sandbox.order(first) or {})["caption"], (sandbox.order(second) or {})["caption"])
    sandbox.add_order({"order_id": "new", "delivered_at": "2026-10-01T12:00:00Z", "status": "archived"})
    order = edit_order("new", name="a", api_key=sandbox.api_key, base_url=sandbox.url)
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
        "1 2 3 4 5 6",
        " ".join(["large"] * 6),
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
