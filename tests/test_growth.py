"""The contract may grow: after each compatible change, regenerating is all it takes, and the suite passes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from growing import PATH, Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.tools, pytest.mark.slow]

# What the suite leaves out in a grown copy, and why; of the rest, the slow tests are left out.
LEFT_OUT = {
    "tests/test_contract.py": "pins the contract",
    "tests/test_cassettes.py": "pins the requests and responses that were recorded",
    "tests/review/test_[!r]*": "read a contract that stays as it is",
    "tests/faults": "does not depend on the contract: connections and bytes that break off",
    "tests/real": "does not depend on the contract: other programs between the client and the service",
    "tests/bulk/test_rate.py": "does not depend on the contract",
    "tests/bulk/test_stopping.py": "does not depend on the contract",
    "tests/bulk/test_rate_limiter.py": "does not depend on the contract",
    "tests/bulk/test_scheduler.py": "does not depend on the contract",
    "tests/cli/test_disk_full.py": "does not depend on the contract",
    "tests/cli/test_signals.py": "does not depend on the contract",
    "tests/test_benchmarks.py": "does not depend on the contract",
    "tests/test_mocks.py": "does not depend on the contract: what other libraries make of the requests",
    "tests/test_packaging.py": "builds wheels, which takes long",
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


def _add_query_parameter_first(tree: Any) -> None:
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
        for key in list(mapping)[::-1]:
            mapping.move_to_end(key)
    _operation(tree)["parameters"].reverse()


CHANGES: dict[str, Callable[[Any], None]] = {
    "fields of responses": _add_response_fields,
    "values of enums": _add_enum_values,
    "fields of the request": _add_request_fields,
    "a query parameter, put first": _add_query_parameter_first,
    "a header": _add_header,
    "statuses of responses": _add_statuses,
    "a date-time in the query": _add_time_to_query,
    "another order": _reverse,
}


def test_the_suite_passes_whatever_the_contract_gains(tmp_path: Path) -> None:
    """One change after another: each is regenerated and type-checked, and breaks no convention; then the suite runs."""
    project = Project(tmp_path / "grown")
    for name, change in CHANGES.items():
        with project.contract() as tree:
            change(tree)
        done = project.run("scripts/regenerate.sh")
        assert done.returncode == 0, f"{name}: {done.stderr}"
        done = project.tool("contract", "lint")
        assert (done.returncode, done.stdout + done.stderr) == (0, ""), name
    where = "import autoenhance, autoenhance_api; print(autoenhance.__file__, autoenhance_api.__file__)"
    assert project.python("-c", where).stdout.split() == [
        str(project.root / "autoenhance/__init__.py"),
        str(project.root / "generated/autoenhance_api/__init__.py"),
    ]
    options = ["--numprocesses=2", "--dist=worksteal", "--quiet", "--tb=short", "--hypothesis-profile=quick"]
    ignored = [f"--ignore-glob={path}" for path in LEFT_OUT]
    done = project.python("-m", "pytest", *options, "-m", "not slow", *ignored)
    assert done.returncode == 0, done.stdout + done.stderr


# --- A request field and a query parameter reach everybody who edits ---

RIGHT = """
import asyncio
import json

import httpx

from autoenhance import AsyncAutoenhance, Autoenhance, OrderEdit, ValidationError, edit_order
from autoenhance.models import ImageSize
from autoenhance.sandbox import Sandbox

requests: list[httpx.Request] = []
notes: list[object] = []


class Transport(httpx.HTTPTransport):
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return super().handle_request(request)


class AsyncTransport(httpx.AsyncHTTPTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return await super().handle_async_request(request)


def edit(sandbox: Sandbox, first: str, second: str) -> None:
    edit_order(first, delivery_note="0", image_size="small", api_key=sandbox.api_key, base_url=sandbox.url)
    notes.append((sandbox.order(first) or {})["delivery_note"])
    with (
        httpx.Client(transport=Transport()) as http,
        Autoenhance(sandbox.api_key, base_url=sandbox.url, http_client=http) as client,
    ):
        notes.append(client.edit_order(first, delivery_note="1", image_size="large")["delivery_note"])
        response = client.edit_order_detailed(first, delivery_note="2", image_size=ImageSize.LARGE)
        notes.append(json.loads(response.content)["delivery_note"])
        for result in client.edit_orders([OrderEdit(second, delivery_note="3", image_size="large")]):
            assert result.order is not None, result.error
            notes.append(result.order["delivery_note"])
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
        httpx.AsyncClient(transport=AsyncTransport()) as http,
        AsyncAutoenhance(sandbox.api_key, base_url=sandbox.url, http_client=http) as client,
    ):
        notes.append((await client.edit_order(first, delivery_note="4", image_size="large"))["delivery_note"])
        response = await client.edit_order_detailed(first, delivery_note="5", image_size="large")
        notes.append(json.loads(response.content)["delivery_note"])
        async for result in client.edit_orders([OrderEdit(second, delivery_note="6", image_size=ImageSize.LARGE)]):
            assert result.order is not None, result.error
            notes.append(result.order["delivery_note"])


with Sandbox() as sandbox:
    first, second, *_ = sandbox.order_ids
    edit(sandbox, first, second)
    asyncio.run(edit_async(sandbox, first, second))
    print(*notes)
    print(*(json.loads(request.content)["delivery_note"] for request in requests))
    print(*(request.url.params["image_size"] for request in requests))
    print((sandbox.order(first) or {})["delivery_note"], (sandbox.order(second) or {})["delivery_note"])
"""
WRONG = {
    "a wrong type": ("delivery_note=7", 'incompatible type "int"; expected "str | Unset"'),
    "a misspelt keyword": ('delivry_note="a"', 'Unexpected keyword argument "delivry_note" for "edit_order"'),
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
    assert main(["edit-order", first, "--delivery-note", "At the gate", "--image-size", "large", "--json"]) == 0
    print()
    assert main(["edit-order", first, "--delivery-note", "b", "--image-size", "lagre"]) == 2
    Path("orders.csv").write_text(f"order_id,Delivery Note\\n{second},In the shed\\n")
    assert main(["edit-orders", "orders.csv"]) == 0
    print((sandbox.order(second) or {})["delivery_note"])
"""
NOTE, SIZE = "What to tell the courier.", "The size of the images in the response."


@pytest.fixture(scope="module")
def gained(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy whose contract has gained a field of the request and a parameter of the query, regenerated."""
    project = Project(tmp_path_factory.mktemp("gained") / "project")
    with project.contract() as tree:
        _schemas(tree)["OrderUpdate"]["properties"]["delivery_note"] = _fact(NOTE, type="string")
        _add_query_parameter_first(tree)
    done = project.run("scripts/regenerate.sh")
    assert done.returncode == 0, done.stderr
    return project


def test_type_checkers_know_what_was_added(gained: Project, tmp_path: Path) -> None:
    """mypy --strict accepts the new keywords, and neither another type nor another spelling, of keyword or value."""
    (tmp_path / "right.py").write_text(RIGHT)
    for number, (arguments, _) in enumerate(WRONG.values()):
        (tmp_path / f"wrong_{number}.py").write_text(
            f'from autoenhance import Autoenhance\n\nAutoenhance().edit_order("a", {arguments})\n'
        )
    files = sorted(map(str, tmp_path.glob("*.py")))
    path = f"{gained.root}:{gained.root / 'generated'}"
    done = gained.python(
        "-m", "mypy", "--config-file=", "--strict", "--cache-dir=.mypy_cache/regenerate", *files, MYPYPATH=path
    )
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert len(errors) == len(WRONG), done.stdout + done.stderr
    for number, (_, message) in enumerate(WRONG.values()):
        assert any(f"wrong_{number}.py:3: error: " in error and message in error for error in errors), errors


def test_every_way_to_edit_sends_what_was_added_and_the_sandbox_keeps_it(gained: Project, tmp_path: Path) -> None:
    """Sync, async and in bulk; a value that the contract does not have is refused by the client, else by the sandbox."""
    (tmp_path / "right.py").write_text(RIGHT)
    done = gained.python("-W", "error", str(tmp_path / "right.py"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "image_size is 'huge'; it must be one of 'large', 'small'",
        "422 image_size",
        "0 1 2 3 4 5 6",
        "1 2 3 4 5 6",
        " ".join(["large"] * 6),
        "5 6",
    ]


def test_the_command_has_an_option_and_a_column_for_what_was_added(gained: Project, tmp_path: Path) -> None:
    """Help describes them; a table may spell the column as people do."""
    main = "import sys; from autoenhance.cli import main; sys.exit(main())"
    said = " ".join(gained.python("-c", main, "edit-order", "--help").stdout.split())
    assert f"--delivery-note TEXT {NOTE} " in said
    assert f"--image-size [large|small] {SIZE} " in said
    assert "delivery_note" in gained.python("-c", main, "edit-orders", "--help").stdout
    program = tmp_path / "command.py"
    program.write_text(COMMAND)
    done = gained.python("-W", "error", str(program))
    assert done.returncode == 0, done.stderr
    edited, from_table = done.stdout.splitlines()
    assert json.loads(edited)["delivery_note"] == "At the gate"
    assert from_table == "In the shed"
    assert "'lagre' is not one of 'large', 'small'; did you mean 'large'?" in " ".join(done.stderr.split())


def test_a_review_says_what_was_added_and_that_it_breaks_nobody(gained: Project) -> None:
    """It names the keyword, the option and the column."""
    done = gained.run("scripts/review.sh", "--base", "HEAD")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("Compatible: ")
    said = " ".join((gained.root / "build/review/review.md").read_text("utf-8").split())
    for keyword, column in (
        ("delivery_note", " and the column `delivery_note` of `edit-orders`,"),
        ("image_size", ","),
    ):
        option = f"`--{keyword.replace('_', '-')}` of `autoenhance edit-order`"
        assert (
            f"The keyword `{keyword}` of `edit_order` and `OrderEdit`, with the option {option}{column} is new" in said
        )


BROKEN: dict[str, tuple[Callable[[Any], object], str, str]] = {
    "a closed enum": (
        lambda tree: _schemas(tree)["ImageSize"].pop("x-open-enum"),
        "enum:",
        "the enum lists what is known, not all there can be; mark it with x-open-enum: true",
    ),
    "no source": (
        lambda tree: _schemas(tree)["OrderUpdate"]["properties"]["delivery_note"].pop("x-source"),
        "delivery_note:",
        "OrderUpdate.delivery_note has no x-source, one of ",
    ),
    "a date-time in a header": (
        lambda tree: _operation(tree)["parameters"].append(
            _parameter("A.", "x-since", "header", {"type": "string", "format": "date-time"})
        ),
        "- name: x-since",
        "x-since has a format, which the generator cannot write into a header; make it plain",
    ),
    "a keyword that is taken": (
        lambda tree: _operation(tree)["parameters"].append(_parameter("A.", "timeout", "query", {"type": "string"})),
        "- name: timeout",
        "the keyword 'timeout' is taken by an argument of its own; give another one with x-keyword",
    ),
}


@pytest.mark.parametrize(("change", "line", "message"), BROKEN.values(), ids=BROKEN)
def test_a_convention_that_is_not_kept_is_told_with_its_line(
    gained: Project, tmp_path: Path, change: Callable[[Any], object], line: str, message: str
) -> None:
    """By `make check-contract`, so that no test needs to fail for it."""
    spec = tmp_path / "spec.yaml"
    with gained.contract(into=spec) as tree:
        change(tree)
    done = gained.tool("contract", "lint", str(spec))
    assert done.returncode == 1
    (found,) = done.stdout.splitlines()
    assert message in found
    number = int(found.removeprefix(f"{spec}:").partition(":")[0])
    assert spec.read_text("utf-8").splitlines()[number - 1].strip() == line
