"""What the contract lets an edit set is a typed keyword of every caller, checked and converted before anything is sent."""

from __future__ import annotations

import datetime as dt
import importlib
import inspect
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

import httpx
import pytest
import sample_contract

import autoenhance
from autoenhance import AsyncAutoenhance, Autoenhance, EditOptions, OrderEdit, _params, edit_order
from autoenhance._edit import plan_edit
from autoenhance._params import alternatives, fit
from autoenhance._request import build_request
from autoenhance._sender import Sender
from autoenhance.models import UNSET
from autoenhance_api.edit_order_params import PARAMS, Param

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent
EDITORS = [Autoenhance.edit_order, Autoenhance.edit_order_detailed, edit_order]
EDITORS += [AsyncAutoenhance.edit_order, AsyncAutoenhance.edit_order_detailed]
IDS = [editor.__qualname__ for editor in EDITORS]


@pytest.mark.parametrize("editor", EDITORS, ids=IDS)
def test_help_lists_every_keyword_with_its_description(editor: Callable[..., Any]) -> None:
    """The signature and the docstring have what the contract has, and what says how the call is made."""
    parameters = inspect.signature(editor).parameters
    assert set(get_type_hints(EditOptions)) <= set(parameters)
    assert not any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values())
    doc = inspect.getdoc(editor) or ""
    for param in PARAMS:
        assert f"\n    {param.keyword}: {param.description}\n" in doc
    for name in set(get_type_hints(EditOptions)) - {param.keyword for param in PARAMS}:
        assert f"\n    {name}: " in doc


def test_an_order_edit_has_every_keyword_with_its_description() -> None:
    """Its fields are those of a call, by keyword, and UNSET unless they are given."""
    parameters = inspect.signature(OrderEdit).parameters
    assert list(parameters) == ["order_id", *(param.keyword for param in PARAMS)]
    for param in PARAMS:
        assert parameters[param.keyword].kind is inspect.Parameter.KEYWORD_ONLY
        assert getattr(OrderEdit("order"), param.keyword) is UNSET
        assert f"{param.keyword}: {param.description}" in " ".join((inspect.getdoc(OrderEdit) or "").split())


@pytest.mark.parametrize(
    ("keyword", "nearest"),
    [("nmae", "'name'"), ("new_orderid", "'new_order_id'"), ("timout", "'timeout'"), ("max_retry", "'max_retries'")],
)
def test_a_misspelt_keyword_is_a_type_error_that_names_the_nearest(keyword: str, nearest: str) -> None:
    """In each way to edit, and before anything is sent or a key is looked for."""
    options: dict[str, Any] = {keyword: "a"}
    says = rf"^edit_order\(\) got an unexpected keyword argument '{keyword}'; did you mean {nearest}\?$"
    with pytest.raises(TypeError, match=says):
        edit_order("order", **options)
    with Autoenhance("key") as client:
        for method in (client.edit_order, client.edit_order_detailed):
            with pytest.raises(TypeError, match=says):
                method("order", **options)


def test_a_misspelt_keyword_of_an_order_edit_is_a_type_error_that_names_the_nearest() -> None:
    """A list of edits is wrong where it is made, and not in the middle of a run."""
    options: dict[str, Any] = {"nmae": "a"}
    with pytest.raises(TypeError, match=r"^OrderEdit\(\) got an unexpected .* 'nmae'; did you mean 'name'\?$"):
        OrderEdit("order", **options)
    options = {"zzz": "a"}
    with pytest.raises(TypeError, match=r"^OrderEdit\(\) got an unexpected keyword argument 'zzz'$"):
        OrderEdit("order", **options)


def test_edit_options_are_public_so_that_wrappers_can_have_their_type() -> None:
    """`**options: Unpack[EditOptions]` types a function that passes them on."""
    assert autoenhance.EditOptions is EditOptions


ADDED = {
    "count": {"type": "integer"},
    "price": {"type": "number"},
    "flag": {"type": "boolean"},
    "kind": {"$ref": "#/components/schemas/CloudType"},
    "level": {"type": "string", "enum": ["low", "high"]},
    "due": {"type": "string", "format": "date-time"},
    "day": {"type": "string", "format": "date"},
    "tags": {"type": "array", "items": {"type": "string"}},
    "kinds": {"type": "array", "items": {"$ref": "#/components/schemas/CloudType"}},
    "settings": {"$ref": "#/components/schemas/FinetuneSettings"},
    "note": {"type": ["string", "null"]},
    "anything": {},
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The package of a contract with a field of each type."""
    from contract import parse
    from regenerate.generator import generate  # these need the tools

    document = parse(ROOT / "openapi/spec.yaml", "spec").plain()
    document["components"]["schemas"]["OrderUpdate"]["properties"] |= ADDED
    for where in ("query", "header"):
        name = "sort" if where == "query" else "x-sort"
        added = {"name": name, "in": where, "schema": {"type": "string", "enum": ["up", "down"]}}
        document["paths"]["/v3/orders/{id}"]["patch"]["parameters"].append(added)
    of_path = {"name": "of_path", "in": "query", "schema": {"type": "string"}}
    times = {"name": "times", "in": "query", "schema": {"type": "array", "items": ADDED["due"]}}
    document["paths"]["/v3/orders/{id}"]["parameters"] = [of_path, times]
    folder = tmp_path_factory.mktemp("sample")
    assert (
        generate(
            document, ROOT / "openapi", folder / "sample_api", templates=ROOT / "openapi/templates", with_hooks=False
        )
        == []
    )
    sys.path.insert(0, str(folder))
    yield importlib.import_module("sample_api.edit_order_params")
    sys.path.remove(str(folder))


def fitted(sample: Any, keyword: str, value: Any) -> Any:
    kinds = alternatives(get_type_hints(sample.EditOrderParams)[keyword])
    return fit(keyword, [kind for kind in kinds if kind is not sample.Unset], value)


NOON = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)


@pytest.mark.tools
@pytest.mark.parametrize(
    ("keyword", "value", "converted"),
    [
        ("count", 3, 3),
        ("price", 3, 3),
        ("price", 0.5, 0.5),
        ("flag", False, False),
        ("kind", "CLEAR", "CLEAR"),
        ("level", "low", "low"),
        ("due", NOON, NOON),
        ("day", dt.date(2026, 10, 1), dt.date(2026, 10, 1)),
        ("tags", ["a", "b"], ["a", "b"]),
        ("tags", ("a",), ["a"]),
        ("kinds", ["CLEAR"], ["CLEAR"]),
        ("note", None, None),
        ("note", "a", "a"),
        ("anything", {"a": [1]}, {"a": [1]}),
        ("sort", "up", "up"),
        ("x_sort", "down", "down"),
        ("of_path", "a", "a"),
        ("times", [NOON], [NOON]),
    ],
)
def test_a_value_of_the_contracts_type_is_taken(sample: Any, keyword: str, value: Any, converted: Any) -> None:
    """Also the plain values of an enum, a tuple for a list, and a whole number for a number."""
    assert fitted(sample, keyword, value) == converted


@pytest.mark.tools
def test_a_plain_value_becomes_its_enums_member_and_an_unknown_member_stays(sample: Any) -> None:
    """The generated code takes members only; one that was made on purpose is a value that the contract does not know."""
    models = importlib.import_module("sample_api.models")
    assert fitted(sample, "kind", "CLEAR") is models.CloudType.CLEAR
    assert fitted(sample, "kinds", ["CLEAR"]) == [models.CloudType.CLEAR]
    assert fitted(sample, "kind", models.CloudType("STORM")) == "STORM"
    settings = models.FinetuneSettings()
    assert fitted(sample, "settings", settings) is settings


@pytest.mark.tools
@pytest.mark.parametrize(
    ("keyword", "value", "error"),
    [
        ("count", True, TypeError("count is a whole number, not bool")),
        ("count", 1.5, TypeError("count is a whole number, not float")),
        ("price", "1", TypeError("price is a number, not str")),
        ("flag", 1, TypeError("flag is True or False, not int")),
        ("kind", "CLAER", ValueError("kind is 'CLAER'; it must be one of 'CLEAR', 'HIGH_CLOUD', 'LOW_CLOUD'; did you mean 'CLEAR'?")),
        ("kind", 7, TypeError("kind is one of 'CLEAR', 'HIGH_CLOUD', 'LOW_CLOUD', not int")),
        ("level", "middle", ValueError("level is 'middle'; it must be one of 'high', 'low'")),
        ("due", "2026-10-01T12:00Z", TypeError("due is a datetime, not str")),
        ("due", NOON.replace(tzinfo=None), ValueError("due is datetime.datetime(2026, 10, 1, 12, 0); give it a time zone, such as tzinfo=datetime.UTC")),
        ("times", [NOON.replace(tzinfo=None)], ValueError("times is datetime.datetime(2026, 10, 1, 12, 0); give it a time zone, such as tzinfo=datetime.UTC")),
        ("day", NOON, TypeError("day is a date, not datetime")),
        ("tags", "ab", TypeError("tags is a list, each item of which is a string, not str")),
        ("tags", ["a", 1], TypeError("tags[1] is a string, not int")),
        ("kinds", ["CLAER"], ValueError("kinds[0] is 'CLAER'; it must be one of 'CLEAR', 'HIGH_CLOUD', 'LOW_CLOUD'; did you mean 'CLEAR'?")),
        ("settings", {}, TypeError("settings is a FinetuneSettings, not dict")),
        ("note", 1, TypeError("note is a string or None, not int")),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused(sample: Any, keyword: str, value: Any, error: Exception) -> None:
    """The message says what it is, what it must be, and the nearest."""
    with pytest.raises(type(error)) as caught:
        fitted(sample, keyword, value)
    assert str(caught.value) == str(error)


def a_value(kind: Any) -> Any:
    """Some value of a type that the contract may have."""
    if get_origin(kind) is Sequence:
        return [a_value(alternatives(get_args(kind)[0])[0])]
    if hasattr(kind, "__members__"):
        return next(iter(kind))
    values = {str: "2025-08-31", bool: True, int: 3, float: 0.5, dt.datetime: NOON, dt.date: NOON.date(), Any: "a"}
    return values[kind] if kind in values else kind()


@pytest.mark.parametrize("param", PARAMS, ids=lambda param: param.keyword)
def test_each_keyword_goes_where_the_contract_says(param: Any) -> None:
    """Into the body, the query or a header, under the name that it has there; nothing but the contract says which."""
    value = a_value(alternatives(get_type_hints(EditOptions)[param.keyword])[0])
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json={})

    options: dict[str, Any] = {param.keyword: value, "extra_body": {"other": 1}}
    with (
        httpx.Client(transport=httpx.MockTransport(answer)) as http,
        Autoenhance("key", http_client=http) as client,
    ):
        client.edit_order("order", **options)
    (request,) = requests
    sent = {
        "body": json.loads(request.content),
        "query": dict(request.url.params),
        "header": dict(request.headers),
    }
    assert [location for location in sent if param.wire_name in sent[location]] == [param.location]
    if isinstance(value, str):
        assert sent[param.location][param.wire_name] == str(value)


class Liar(str):
    """A text that equals everything."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


def test_a_text_that_equals_everything_is_no_value_of_an_enum() -> None:
    """What is sent is what was given, and no guess."""
    options: dict[str, Any] = {"name": "a", "sort_images_by": Liar("zzz")}
    with pytest.raises(ValueError, match="sort_images_by is 'zzz'; it must be one of"):
        plan_edit("order", options)


def test_an_empty_header_is_refused() -> None:
    """curl sends none, and the service may take it for an API version; the client's own api_version may not be empty either."""
    with pytest.raises(ValueError, match=r"^api_version is empty; leave it out to send no such header$"):
        plan_edit("order", {"name": "a", "api_version": ""})


def test_a_number_that_is_none_is_refused_wherever_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A query would have it as `nan`."""
    param = Param("ratio", "query", "ratio", "ratio", is_required=False, description="")
    monkeypatch.setitem(_params.BY_KEYWORD, "ratio", param)
    monkeypatch.setattr(_params, "types_of", {"name": (str,), "ratio": (float,)}.__getitem__)
    for number in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match=rf"^ratio is {number}, which is no number that can be sent$"):
            plan_edit("order", {"name": "a", "ratio": number})


def test_a_header_is_one_however_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if the contract has capitals in its name: two lines would be two headers."""
    param = Param("api_version", "header", "X-API-Version", "x_api_version", is_required=False, description="")
    monkeypatch.setitem(_params.BY_KEYWORD, "api_version", param)
    with pytest.raises(ValueError, match="extra_headers sets 'x-Api-Version', and so does an argument of its own"):
        plan_edit("order", {"name": "a", "api_version": "a", "extra_headers": {"x-Api-Version": "b"}})
    with pytest.raises(ValueError, match="extra_headers has a header twice"):
        plan_edit("order", {"name": "a", "extra_headers": {"x-more": "a", "X-More": "b"}})


@pytest.mark.tools
def test_a_contract_without_parameters_is_one_like_any_other(tmp_path: Path) -> None:
    """Not even an API version: the client has none to send then."""
    from contract import parse
    from regenerate.generator import generate  # these need the tools

    document = parse(ROOT / "openapi/spec.yaml", "spec").plain()
    operation = document["paths"]["/v3/orders/{id}"]["patch"]
    operation["parameters"] = [each for each in operation["parameters"] if each["in"] == "path"]
    package, templates = tmp_path / "autoenhance_api", ROOT / "openapi/templates"
    assert generate(document, ROOT / "openapi", package, templates=templates, with_hooks=False) == []
    program = """
import httpx, autoenhance
answer = lambda request: httpx.Response(200, json={"name": str("x-api-version" in request.headers)})
with httpx.Client(transport=httpx.MockTransport(answer)) as http:
    print(autoenhance.Autoenhance("key", http_client=http).edit_order("order", name="a").name)
"""
    done = sample_contract.run(tmp_path, ["-c", program])
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_an_api_version_of_the_client_is_no_header_twice() -> None:
    """Whatever case a caller, or the contract, writes its header in."""
    edit = plan_edit("order", {"name": "a", "extra_headers": {"X-Api-Version": "b"}})
    with httpx.Client() as http, Autoenhance("key", http_client=http, api_version="a") as client:
        wanted: dict[str, Any] = {"method": "patch", "url": "/", "headers": {"X-API-Version": "a"}}
        request = build_request(
            Sender(client=http), client._settings, edit, wanted, attempt=1, timeout=httpx.Timeout(1)
        )
    assert request.headers.get_list("x-api-version") == ["b"]


def test_retries_send_what_was_checked_whatever_becomes_of_the_callers_objects() -> None:
    """A list or a model may change while an edit waits."""
    given, requests = ["a"], []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append((request.url.params.get_list("more"), json.loads(request.content)))
        given.append("b")
        return httpx.Response(503 if len(requests) == 1 else 200, json={}, headers={"retry-after": "0"})

    with (
        httpx.Client(transport=httpx.MockTransport(answer)) as http,
        Autoenhance("key", http_client=http) as client,
    ):
        client.edit_order("order", extra_body={"other": given}, extra_query={"more": given})
    assert requests == [(["a"], {"other": ["a"]})] * 2


def test_what_a_keyword_sets_in_the_query_stands_beside_extra_query() -> None:
    """Neither replaces the other, in the request that is sent."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json={})

    with (
        httpx.Client(transport=httpx.MockTransport(answer)) as http,
        Autoenhance("key", http_client=http) as client,
    ):
        client.edit_order("order", name="a", sort_images_by="-name", extra_query={"more": "1"})
    assert dict(requests[0].url.params) == {"sort_images_by": "-name", "more": "1"}
