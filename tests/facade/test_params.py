"""Keywords from the contract: every method has them, and their values are checked and converted before anything is sent."""

from __future__ import annotations

import datetime as dt
import importlib
import inspect
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

import pytest
import sample_contract
from callers import sent, sync

from autoenhance import AsyncAutoenhance, Autoenhance, EditOptions, OrderEdit, _params, edit_order
from autoenhance._edit import plan_edit
from autoenhance._params import alternatives, coerce
from autoenhance.models import UNSET
from autoenhance_api.edit_order_params import PARAMS, Param

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

EDITORS = [Autoenhance.edit_order, Autoenhance.edit_order_detailed, edit_order]
EDITORS += [AsyncAutoenhance.edit_order, AsyncAutoenhance.edit_order_detailed]
IDS = [editor.__qualname__ for editor in EDITORS]


@pytest.mark.parametrize("editor", EDITORS, ids=IDS)
def test_methods_have_every_keyword_with_its_description(editor: Callable[..., Any]) -> None:
    """In the signature and in the docstring."""
    parameters = inspect.signature(editor).parameters
    assert set(get_type_hints(EditOptions)) <= set(parameters)
    assert not any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values())
    doc = inspect.getdoc(editor) or ""
    for param in PARAMS:
        assert f"\n    {param.keyword}: {param.description}\n" in doc
    for name in set(get_type_hints(EditOptions)) - {param.keyword for param in PARAMS}:
        assert f"\n    {name}: " in doc


def test_an_order_edit_has_every_keyword_with_its_description() -> None:
    """Its fields are keyword-only, and UNSET by default."""
    parameters = inspect.signature(OrderEdit).parameters
    assert list(parameters) == ["order_id", *(param.keyword for param in PARAMS)]
    for param in PARAMS:
        assert parameters[param.keyword].kind is inspect.Parameter.KEYWORD_ONLY
        assert getattr(OrderEdit("order"), param.keyword) is UNSET
        assert f"{param.keyword}: {param.description}" in " ".join((inspect.getdoc(OrderEdit) or "").split())


@pytest.mark.parametrize(
    ("keyword", "nearest"),
    [("nmae", "'name'"), ("max_retry", "'max_retries'")],
)
def test_a_misspelt_keyword_is_a_type_error(keyword: str, nearest: str) -> None:
    """Which suggests the nearest, even without an API key."""
    options: dict[str, Any] = {keyword: "a"}
    says = rf"^edit_order\(\) got an unexpected keyword argument '{keyword}'; did you mean {nearest}\?$"
    with Autoenhance("key") as client:
        for method in (edit_order, client.edit_order, client.edit_order_detailed):
            with pytest.raises(TypeError, match=says):
                method("order", **options)


@pytest.mark.parametrize(("keyword", "nearest"), [("nmae", "; did you mean 'name'?"), ("zzz", "")])
def test_a_misspelt_keyword_of_an_order_edit_is_a_type_error(keyword: str, nearest: str) -> None:
    with pytest.raises(TypeError) as caught:
        OrderEdit("order", **{keyword: "a"})  # type: ignore[arg-type]  # the mistake to catch
    assert str(caught.value) == f"OrderEdit() got an unexpected keyword argument '{keyword}'{nearest}"


CLOUD_TYPE = {"$ref": "#/components/schemas/CloudType"}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The package of a contract with a field of each type, and parameters of operation and path."""
    document = sample_contract.document()
    document["components"]["schemas"]["OrderUpdate"]["properties"] |= {
        "kind": CLOUD_TYPE,
        "kinds": {"type": "array", "items": CLOUD_TYPE},
        "settings": {"$ref": "#/components/schemas/FinetuneSettings"},
        "optional_note": {"type": ["string", "null"]},
    }
    (path,) = document["paths"].values()
    direction = {"type": "string", "enum": ["up", "down"]}
    path["patch"]["parameters"].append({"name": "x-sort", "in": "header", "schema": direction})
    times = {"type": "array", "items": {"type": "string", "format": "date-time"}}
    path["parameters"] = [{"name": "times_of_path", "in": "query", "schema": times}]
    folder = sample_contract.make(tmp_path_factory.mktemp("sample"), document)
    (folder / "autoenhance_api").rename(folder / "sample_api")
    sys.path.insert(0, str(folder))
    yield importlib.import_module("sample_api.edit_order_params")
    sys.path.remove(str(folder))


def convert(sample: Any, keyword: str, value: Any) -> Any:
    kinds = alternatives(get_type_hints(sample.EditOrderParams)[keyword])
    return coerce(keyword, [kind for kind in kinds if kind is not sample.Unset], value)


NOON = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)


@pytest.mark.tools
@pytest.mark.parametrize(
    ("keyword", "values"),
    [
        ("sample_count", [3]),
        ("sample_ratio", [3, 0.5]),
        ("sample_urgent", [False]),
        ("sample_style", ["bright"]),
        ("sample_time", [NOON]),
        ("sample_date", [NOON.date()]),
        ("sample_tags", [["a", "b"], ("a", "b")]),
        ("optional_note", [None, "a"]),
        ("sample_anything", [{"a": [1]}]),
        ("x_sort", ["down"]),
        ("times_of_path", [[NOON]]),
    ],
)
def test_values_of_the_contracts_types_are_valid(sample: Any, keyword: str, values: list[Any]) -> None:
    """Also a tuple for a list, and an int for a number."""
    for value in values:
        assert convert(sample, keyword, value) == (list(value) if isinstance(value, tuple) else value)


@pytest.mark.tools
def test_the_value_of_an_enum_becomes_its_member(sample: Any) -> None:
    """A member with an unknown value stays as it is."""
    models = importlib.import_module("sample_api.models")
    assert convert(sample, "kind", "CLEAR") is models.CloudType.CLEAR
    assert convert(sample, "kinds", ["CLEAR"]) == [models.CloudType.CLEAR]
    assert convert(sample, "kind", models.CloudType("STORM")) == "STORM"
    settings = models.FinetuneSettings()
    assert convert(sample, "settings", settings) is settings


CLOUD_TYPES = "one of 'CLEAR', 'HIGH_CLOUD', 'LOW_CLOUD'"
NO_ZONE = "is datetime.datetime(2026, 10, 1, 12, 0); give it a time zone, such as tzinfo=datetime.UTC"


@pytest.mark.tools
@pytest.mark.parametrize(
    ("keyword", "value", "kind", "says"),
    [
        ("sample_count", True, TypeError, "must be a whole number, not bool"),
        ("sample_count", 1.5, TypeError, "must be a whole number, not float"),
        ("sample_ratio", "1", TypeError, "must be a number, not str"),
        ("sample_urgent", 1, TypeError, "must be True or False, not int"),
        ("kind", "CLAER", ValueError, f"is 'CLAER'; it must be {CLOUD_TYPES}; did you mean 'CLEAR'?"),
        ("kind", 7, TypeError, f"must be {CLOUD_TYPES}, not int"),
        ("kinds", ["CLAER"], ValueError, f"[0] is 'CLAER'; it must be {CLOUD_TYPES}; did you mean 'CLEAR'?"),
        ("sample_style", "zzz", ValueError, "is 'zzz'; it must be one of 'bright', 'natural'"),
        ("sample_time", "2026-10-01T12:00Z", TypeError, "must be a datetime, not str"),
        ("sample_time", NOON.replace(tzinfo=None), ValueError, NO_ZONE),
        ("times_of_path", [NOON.replace(tzinfo=None)], ValueError, NO_ZONE),
        ("sample_date", NOON, TypeError, "must be a date, not datetime"),
        ("sample_tags", "ab", TypeError, "must be a list, each item of which is a string, not str"),
        ("sample_tags", ["a", 1], TypeError, "[1] must be a string, not int"),
        ("settings", {}, TypeError, "must be a FinetuneSettings, not dict"),
        ("optional_note", 1, TypeError, "must be a string or None, not int"),
    ],
)
def test_a_value_of_another_type_is_rejected(
    sample: Any, keyword: str, value: Any, kind: type[Exception], says: str
) -> None:
    with pytest.raises(kind) as caught:
        convert(sample, keyword, value)
    assert str(caught.value) == (keyword + says if says.startswith("[") else f"{keyword} {says}")


def a_value(kind: Any) -> Any:
    """Some value of a type that the contract may have."""
    if get_origin(kind) is Sequence:
        return [a_value(alternatives(get_args(kind)[0])[0])]
    if hasattr(kind, "__members__"):
        return next(iter(kind))
    values = {str: "2025-08-31", bool: True, int: 3, float: 0.5, dt.datetime: NOON, dt.date: NOON.date(), Any: "a"}
    return values[kind] if kind in values else kind()


@pytest.mark.parametrize("param", PARAMS, ids=lambda param: param.keyword)
def test_each_keyword_is_sent_where_the_contract_says(param: Any) -> None:
    """In the body, the query or a header, beside extra_body and extra_query."""
    value = a_value(alternatives(get_type_hints(EditOptions)[param.keyword])[0])
    request = sent(sync, "order", **{param.keyword: value, "extra_body": {"other": 1}, "extra_query": {"more": "1"}})
    places = {"body": json.loads(request.content), "query": request.url.params, "header": request.headers}
    assert (places["body"]["other"], places["query"]["more"]) == (1, "1")
    assert [location for location in places if param.wire_name in places[location]] == [param.location]
    if isinstance(value, str):
        assert places[param.location][param.wire_name] == str(value)


def test_nan_and_inf_are_rejected_in_a_query(monkeypatch: pytest.MonkeyPatch) -> None:
    param = Param("ratio", "query", "ratio", "ratio", is_required=False, description="")
    monkeypatch.setitem(_params.BY_KEYWORD, "ratio", param)
    monkeypatch.setattr(_params, "types_of", {"name": (str,), "ratio": (float,)}.__getitem__)
    for number in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match=f"^ratio is {number}, which JSON cannot represent; give a finite number$"):
            plan_edit("order", {"name": "a", "ratio": number})


def test_header_names_are_case_insensitive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if the contract has capitals."""
    param = Param("api_version", "header", "X-API-Version", "x_api_version", is_required=False, description="")
    monkeypatch.setitem(_params.BY_KEYWORD, "api_version", param)
    with pytest.raises(ValueError, match="extra_headers sets 'x-Api-Version', which has an argument of its own"):
        plan_edit("order", {"name": "a", "api_version": "a", "extra_headers": {"x-Api-Version": "b"}})


@pytest.mark.tools
def test_a_contract_may_have_no_parameters(tmp_path: Path) -> None:
    """Then the client sends no API version."""
    document = sample_contract.document()
    (path,) = document["paths"].values()
    path["patch"]["parameters"] = [each for each in path["patch"]["parameters"] if each["in"] == "path"]
    sample_contract.make(tmp_path, document)
    program = """
import httpx, autoenhance
answer = lambda request: httpx.Response(200, json={"name": str("x-api-version" in request.headers)})
with httpx.Client(transport=httpx.MockTransport(answer)) as http:
    print(autoenhance.Autoenhance("key", http_client=http).edit_order("order", name="a").name)
"""
    done = sample_contract.run(tmp_path, ["-c", program])
    assert (done.stdout, done.stderr) == ("False\n", "")
