"""What a change of a schema, a response, a server or the like means for users of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from contracts import JSON, compared, contract, told

import contract_diff

if TYPE_CHECKING:
    from contracts import Where

pytestmark = pytest.mark.tools

TEXT: dict[str, Any] = {"type": "string"}
OBJECT: dict[str, Any] = {"type": "object"}
PARTS = [{"properties": {"a": TEXT}}, {"properties": {"b": TEXT}}]
PET = {"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "discriminator": {"propertyName": "kind"}}

# What a request may be and then may be, and a response may be and then may be: the second breaks something.
SCHEMAS: dict[str, tuple[Where, Any, Any, list[str]]] = {
    "the last alternative beside a type goes, in a response": (
        "response",
        {"type": "string", "anyOf": [{"maxLength": 3}]},
        TEXT,
        ["breaking limit, response 200"],
    ),
    "an alternative beside a type comes, in a request": (
        "request",
        TEXT,
        {"type": "string", "anyOf": [{"maxLength": 3}]},
        ["breaking limit, request body"],
    ),
    "dependentRequired asks for more": (
        "request",
        OBJECT | {"dependentRequired": {"a": ["b"]}},
        OBJECT | {"dependentRequired": {"a": ["b", "c"]}},
        ["breaking constraint, request body"],
    ),
    "a schema appears in a request": ("request", None, TEXT, ["breaking schema, request body"]),
    "a schema vanishes from a response": ("response", TEXT, None, ["breaking schema, response 200"]),
    "a const may be null": (
        "response",
        {"const": "a"},
        {"enum": ["a", None]},
        ["breaking null allowed, response 200"],
    ),
    "a const null becomes a text": (
        "response",
        {"const": None},
        {"const": "a"},
        ["breaking type, response 200"],
    ),
    "only null is left, in a request": (
        "request",
        {"type": ["string", "null"]},
        {"type": "null"},
        ["breaking type, request body"],
    ),
    "number and integer no longer meet as integer": (
        "response",
        {"allOf": [{"type": "number"}, {"type": "integer"}]},
        {"type": "number"},
        ["breaking type, response 200"],
    ),
    "integer and number no longer meet as integer": (
        "response",
        {"allOf": [{"type": "integer"}, {"type": "number"}]},
        {"type": "number"},
        ["breaking type, response 200"],
    ),
    "one of several allOf parts refuses other fields": (
        "request",
        {"allOf": [PARTS[0], PARTS[1]]},
        {"allOf": [PARTS[0] | {"additionalProperties": False}, PARTS[1]]},
        ["breaking other fields, request body", "breaking type, request body: `b`"],
    ),
    "the field that tells alternatives apart has another name": (
        "response",
        PET,
        PET | {"discriminator": {"propertyName": "sort"}},
        ["breaking discriminator, response 200"],
    ),
    "a field of any kind becomes none at all": (
        "request",
        OBJECT | {"properties": {"a": True}},
        OBJECT | {"properties": {"a": False}},
        ["breaking type, request body: `a`"],
    ),
    "true only": (
        "request",
        {"type": "boolean"},
        {"enum": [True]},
        ["breaking enum value removed, request body"],
    ),
    "two types, one of which has a limit now": (
        "request",
        {"type": ["string", "integer"]},
        {"anyOf": [{"type": "string", "minLength": 1}, {"type": "integer"}]},
        ["breaking schema, request body"],
    ),
    "a limit in an alternative is one of another type": (
        "request",
        {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "integer"}]},
        {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "integer", "maximum": 3}]},
        ["breaking limit, request body: `(anyOf 1)`"],
    ),
    "a limit in a condition": (
        "request",
        {"if": {"required": ["a"]}, "then": {"maxProperties": 9}},
        {"if": {"required": ["a"]}, "then": {"maxProperties": 4}},
        ["breaking constraint, request body"],
    ),
    "a field that must not be a text is none": (
        "request",
        OBJECT | {"not": {"properties": {"a": TEXT}}},
        OBJECT | {"not": {"properties": {"a": {"type": ["string", "integer"]}}}},
        ["breaking constraint, request body"],
    ),
    "a value that cannot be judged": (
        "request",
        {"enum": ["a", "b"], "maxLength": "three"},
        {"enum": ["a"], "maxLength": "three"},
        ["breaking enum value removed, request body"],
    ),
    "more is negated": (
        "request",
        {"not": {"enum": ["a"]}},
        {"not": {"enum": ["a", "b"]}},
        ["breaking constraint, request body"],
    ),
    "a pattern for names": (
        "request",
        OBJECT,
        OBJECT | {"patternProperties": {"^a": TEXT}},
        ["breaking constraint, request body"],
    ),
    "a keyword that is not known": ("request", TEXT, TEXT | {"bigger": 3}, ["breaking constraint, request body"]),
    "an alternative more in a response": (
        "response",
        {"anyOf": [OBJECT, TEXT | {"maxLength": 3}]},
        {"anyOf": [OBJECT, TEXT | {"maxLength": 3}, {"type": "integer"}]},
        ["breaking alternative added, response 200", "breaking type, response 200"],
    ),
    "a field less in one of the alternatives": (
        "response",
        {"anyOf": [OBJECT | {"properties": {"a": TEXT, "c": TEXT}}, OBJECT | {"properties": {"b": TEXT}}]},
        {"anyOf": [OBJECT | {"properties": {"a": TEXT}}, OBJECT | {"properties": {"b": TEXT}}]},
        ["breaking field removed, response 200: `(anyOf 0)`"],
    ),
    "a field that has been a map's": (
        "request",
        OBJECT | {"additionalProperties": TEXT},
        OBJECT | {"additionalProperties": TEXT, "properties": {"a": {"type": "integer"}}},
        ["breaking field added, request body"],
    ),
    "a field more where others were refused": (
        "response",
        OBJECT | {"additionalProperties": False},
        OBJECT | {"additionalProperties": False, "properties": {"a": TEXT}},
        ["breaking field added, response 200"],
    ),
    "a required field goes": (
        "response",
        OBJECT | {"properties": {"a": TEXT}, "required": ["a"]},
        OBJECT,
        ["breaking field removed, response 200"],
    ),
    "a field becomes readOnly": (
        "request",
        {"properties": {"a": TEXT}},
        {"properties": {"a": TEXT | {"readOnly": True}}},
        ["breaking field removed, request body"],
    ),
    "a field becomes writeOnly": (
        "response",
        {"properties": {"a": TEXT}},
        {"properties": {"a": TEXT | {"writeOnly": True}}},
        ["breaking field removed, response 200"],
    ),
    "a renamed field that is another, too": (
        "response",
        {"properties": {"a": TEXT}},
        {"properties": {"b": {"type": "integer"}}},
        ["breaking field removed, response 200", "compatible field added, response 200"],
    ),
    "another default": (
        "request",
        {"properties": {"a": TEXT | {"default": "x"}}},
        {"properties": {"a": TEXT | {"default": "y"}}},
        ["breaking default, request body: `a`"],
    ),
    "a longer number in a response": (
        "response",
        {"type": "integer", "format": "int32"},
        {"type": "integer", "format": "int64"},
        ["breaking limit, response 200"],
    ),
    "what a circle leads to": (
        "response",
        {"$ref": "#/components/schemas/A"},
        {"$ref": "#/components/schemas/C"},
        ["breaking type, response 200: `b.up`"],
    ),
}
CIRCLES = {
    "A": OBJECT | {"properties": {"b": {"properties": {"up": {"$ref": "#/components/schemas/A"}}}}},
    "C": OBJECT | {"properties": {"b": {"properties": {"up": {"type": "integer"}}}}},
}


@pytest.mark.parametrize(("where", "old", "new", "expected"), SCHEMAS.values(), ids=SCHEMAS)
def test_what_takes_something_away_is_breaking(where: Where, old: Any, new: Any, expected: list[str]) -> None:
    """It is told at its place, and nothing else is told."""
    assert compared(old, new, where, CIRCLES) == expected


COMPATIBLE: dict[str, tuple[Where, Any, Any]] = {
    "an alternative less in a response": ("response", {"anyOf": [OBJECT, TEXT]}, {"anyOf": [OBJECT]}),
    "an alternative more in a request": ("request", {"anyOf": [OBJECT]}, {"anyOf": [OBJECT, TEXT]}),
    "a minLength of 0": ("request", TEXT, TEXT | {"minLength": 0}),
    "a pattern that every text matches": ("request", TEXT, TEXT | {"pattern": ".*"}),
    "a schema vanishes from a request": ("request", TEXT, None),
    "a schema appears in a response": ("response", None, TEXT),
    "only null is left, in a response": ("response", {"type": ["string", "null"]}, {"type": "null"}),
    "a field may be sent that was readOnly": (
        "request",
        {"properties": {"a": TEXT | {"readOnly": True}}},
        {"properties": {"a": TEXT}},
    ),
    "a field that is answered becomes readOnly": (
        "response",
        {"properties": {"a": TEXT}},
        {"properties": {"a": TEXT | {"readOnly": True}}},
    ),
    "a field that is sent becomes writeOnly": (
        "request",
        {"properties": {"a": TEXT}},
        {"properties": {"a": TEXT | {"writeOnly": True}}},
    ),
    "a field that is readOnly is required": (
        "request",
        {"properties": {"a": TEXT | {"readOnly": True}}},
        {"properties": {"a": TEXT | {"readOnly": True}}, "required": ["a"]},
    ),
    "a longer number in a request": (
        "request",
        {"type": "integer", "format": "int32"},
        {"type": "integer", "format": "int64"},
    ),
    "a limit that the values keep already": (
        "request",
        {"enum": ["a", "b"]},
        {"enum": ["a", "b"], "maxLength": 1},
    ),
    "an alternative that says what another said": (
        "request",
        {"anyOf": [TEXT, {"type": "integer"}]},
        {"anyOf": [TEXT, {"type": "number"}]},
    ),
}


@pytest.mark.parametrize(("where", "old", "new"), COMPATIBLE.values(), ids=COMPATIBLE)
def test_what_takes_nothing_away_is_compatible(where: Where, old: Any, new: Any) -> None:
    """Whatever it is told as."""
    assert not [change for change in compared(old, new, where) if change.startswith("breaking")]


NULLABLE = {"type": ["string", "null"], "maxLength": 5}
NAMED = {
    "Short": {"type": "string", "maxLength": 5, "description": "Short."},
    "Named": {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/Short"}}},
}
SAME: dict[str, tuple[Any, Any]] = {
    "a null branch": (NULLABLE, {"anyOf": [{"type": "string", "maxLength": 5}, {"type": "null"}]}),
    "a null branch with words": (
        NULLABLE,
        {"oneOf": [{"type": "string", "maxLength": 5}, {"type": "null", "title": "N"}]},
    ),
    "null as a constant": (NULLABLE, {"anyOf": [{"type": "string", "maxLength": 5}, {"const": None}]}),
    "null as a list of types": (NULLABLE, {"anyOf": [{"type": ["null"]}, {"type": ["string"], "maxLength": 5}]}),
    "null by reference": (NULLABLE, {"anyOf": [{"$ref": "#/components/schemas/Short"}, {"type": "null"}]}),
    "one branch": ({"type": "string", "maxLength": 5}, {"allOf": [{"$ref": "#/components/schemas/Short"}]}),
    "types apart": ({"type": ["integer", "string"]}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
    "types in another order": ({"type": ["integer", "string"]}, {"type": ["string", "integer"]}),
    "values in another order": ({"enum": ["a", "b"]}, {"enum": ["b", "a"]}),
    "one value": ({"enum": ["a"]}, {"const": "a"}),
    "values with null": (
        {"type": ["string", "null"], "enum": ["a", None]},
        {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]},
    ),
    "null that the values rule out": ({"type": ["string", "null"], "enum": ["a"]}, {"type": "string", "enum": ["a"]}),
    "what is open anyway": (OBJECT, OBJECT | {"additionalProperties": {}, "minProperties": 0}),
    "fields of two schemas": (
        {"type": "object", "required": ["a", "b"], "properties": {"a": TEXT, "b": {"type": "integer"}}},
        {
            "allOf": [
                {"type": "object", "properties": {"a": TEXT}, "required": ["b"]},
                {"properties": {"b": {"type": "integer"}}, "required": ["a"]},
            ]
        },
    ),
    "a field beside a reference": (
        {"type": "object", "properties": {"a": {"type": "string", "maxLength": 5}, "b": {"type": "integer"}}},
        {"$ref": "#/components/schemas/Named", "properties": {"b": {"type": "integer"}}},
    ),
    "the nearer limit": ({"type": "string", "maxLength": 3}, {"$ref": "#/components/schemas/Short", "maxLength": 3}),
    "the farther limit": ({"type": "string", "maxLength": 5}, {"$ref": "#/components/schemas/Short", "maxLength": 9}),
    "limits from below": ({"minimum": 4}, {"allOf": [{"minimum": 2}, {"minimum": 4}]}),
    "values of both": ({"enum": ["b"]}, {"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]}),
    "an integer is a number": ({"type": "integer"}, {"allOf": [{"type": "integer"}, {"type": "number"}]}),
    "a number that is an integer": ({"type": "integer"}, {"allOf": [{"type": "number"}, {"type": "integer"}]}),
    "a field of both": (
        {"properties": {"a": {"type": "string", "maxLength": 2}}},
        {"allOf": [{"properties": {"a": TEXT}}, {"properties": {"a": {"maxLength": 2}}}]},
    ),
    "a property that is true": ({"properties": {"a": {}}}, {"properties": {"a": True}}),
    "a condition": (
        {"if": {"required": ["a"]}, "then": {"required": ["b"]}},
        {"allOf": [{"then": {"required": ["b"]}, "if": {"required": ["a"]}}]},
    ),
}


@pytest.mark.parametrize("where", ["request", "response"])
@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_what_means_the_same_is_no_change(one: Any, other: Any, where: Where) -> None:
    """Moved, renamed, or said in other words."""
    assert compared(one, other, where, NAMED) == []
    assert compared(other, one, where, NAMED) == []


@pytest.mark.parametrize(
    "odd",
    [
        {"type": "string", "maxLength": "three"},
        {"anyOf": [{"type": "string", "minimum": 3}, {"type": "integer", "maxLength": 2}]},
        {"enum": ["a", 1, None, {"a": [1]}]},
        {"required": True},
        {"properties": {"a": False, "b": True}},
        {"patternProperties": {"^x": False}},
    ],
)
def test_odd_schemas_are_compared(odd: Any) -> None:
    """A limit of another type, a value of any type, a schema that is true or false: no crash, and no difference from itself."""
    assert compared(odd, odd, "request") == []
    assert compared({}, odd, "request") != compared({}, {}, "request") or odd == {"required": True}


def test_what_has_too_many_alternatives_is_no_change_unless_it_changes() -> None:
    """225 are not multiplied out: that nothing is taken away, by whatever changes, is not shown."""

    def many(last: int) -> dict[str, Any]:
        one = [{"required": [f"a{number}"]} for number in range(15)]
        other = [{"required": [f"b{number}"]} for number in [*range(14), last]]
        return {"properties": {"c": TEXT}, "allOf": [{"anyOf": one}, {"anyOf": other}]}

    assert compared(many(14), many(14), "request") == []
    assert compared(many(14), many(14) | {"properties": {"c": {}}}, "request") == [
        "breaking schema, request body",
        "compatible type, request body: `c`",
    ]


def _scheme(**schemes: Any) -> dict[str, Any]:
    return {"securitySchemes": schemes}


KEY = {"type": "apiKey", "in": "header", "name": "x-api-key"}
TOKEN = {"type": "http", "scheme": "bearer"}
YES = {"200": {"description": "Yes."}}


def _with(**keywords: Any) -> dict[str, Any]:
    """A document whose operation, or whose document, has these keywords."""
    made: dict[str, Any] = contract().tree
    for key, value in keywords.items():
        target = made if key in {"servers", "components", "security"} else made["paths"]["/a"]["patch"]
        target[key] = value
    return made


def _header(name: str, **keywords: Any) -> dict[str, Any]:
    return {"responses": {"200": {"description": "Yes.", "headers": {name: {"schema": TEXT, **keywords}}}}}


def _servers(*urls: str) -> dict[str, Any]:
    return {"servers": [{"url": url} for url in urls]}


def _host(name: str) -> dict[str, Any]:
    return {"servers": [{"url": "https://{host}/a", "variables": {"host": {"default": name, "enum": ["a", "b"]}}}]}


def _parameter(**keywords: Any) -> dict[str, Any]:
    return {"parameters": [{"name": "Q", "in": "query", "schema": TEXT, **keywords}]}


OPERATIONS: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "servers change places": (
        _servers("https://a", "https://b"),
        _servers("https://b", "https://a"),
        ["breaking server, servers"],
    ),
    "a server variable has another default": (_host("a"), _host("b"), ["breaking server, servers"]),
    "a server more": (_servers("https://a"), _servers("https://a", "https://b"), ["compatible server added, servers"]),
    "a server less": (_servers("https://a", "https://b"), _servers("https://a"), ["breaking server removed, servers"]),
    "a redirect": (
        {"responses": YES},
        {"responses": YES | {"302": {"description": "Elsewhere."}}},
        ["breaking redirect added, response 302"],
    ),
    "a documented error that goes": (
        {"responses": YES | {"404": {"description": "No."}}},
        {"responses": YES},
        ["compatible error removed, response 404"],
    ),
    "a default response": (
        {"responses": YES},
        {"responses": YES | {"default": {"description": "No."}}},
        ["compatible error added, response default"],
    ),
    "an error that the default stands for": (
        {"responses": YES | {"404": {"description": "No."}, "default": {"description": "No."}}},
        {"responses": YES | {"default": {"description": "No."}}},
        [],
    ),
    "another success": (
        {"responses": YES},
        {"responses": YES | {"202": {"description": "Later."}}},
        ["breaking success added, response 202"],
    ),
    "a header in other case": (_header("X-Id"), _header("x-id"), []),
    "a header that may be missing": (
        _header("etag", required=True),
        _header("etag"),
        ["breaking header optional, response 200 header `etag`"],
    ),
    "a header parameter in other case": (
        _parameter(name="X-Id", **{"in": "header"}),
        _parameter(name="x-id", **{"in": "header"}),
        [],
    ),
    "a query parameter in other case": (
        _parameter(),
        _parameter(name="q"),
        ["breaking parameter removed, query parameter `Q`", "compatible parameter added, query parameter `q`"],
    ),
    "a style that is the default": (_parameter(), _parameter(style="form", explode=True), []),
    "another style": (_parameter(), _parameter(explode=False), ["breaking style, query parameter `Q`"]),
    "a security scheme that nothing uses": (
        {"components": _scheme(a=KEY), "security": [{"a": []}]},
        {"components": _scheme(a=KEY, b=TOKEN), "security": [{"a": []}]},
        [],
    ),
    "security in another order, by other names": (
        {"components": _scheme(a=KEY, b=TOKEN), "security": [{"a": []}, {"b": []}]},
        {"components": _scheme(y=TOKEN, x=KEY), "security": [{"y": []}, {"x": []}]},
        [],
    ),
    "another way in": (
        {"components": _scheme(a=KEY, b=TOKEN), "security": [{"a": []}]},
        {"components": _scheme(a=KEY, b=TOKEN), "security": [{"a": []}, {"b": []}]},
        ["compatible security added, security"],
    ),
    "a token beside the key": (
        {"components": _scheme(a=KEY, b=TOKEN), "security": [{"a": []}]},
        {"components": _scheme(a=KEY, b=TOKEN), "security": [{"a": [], "b": []}]},
        ["breaking security, security"],
    ),
    "a body": (
        {},
        {"requestBody": {"content": {JSON: {}}}},
        ["compatible body added, request body"],
    ),
    "no body": (
        {"requestBody": {"content": {JSON: {}}}},
        {},
        ["breaking body removed, request body"],
    ),
    "a media type for another": (
        {"requestBody": {"content": {JSON: {}}}},
        {"requestBody": {"content": {"text/csv": {}}}},
        ["breaking media type removed, request body", "compatible media type added, request body"],
    ),
    "a range of media types": (
        {"requestBody": {"content": {JSON: {}}}},
        {"requestBody": {"content": {"application/*": {}}}},
        [],
    ),
    "deprecated": ({}, {"deprecated": True}, ["compatible deprecated, operation"]),
    "a body of a response that had none": (
        {"responses": YES},
        {"responses": {"200": {"description": "Yes.", "content": {JSON: {"schema": TEXT}}}}},
        ["compatible response body added, response 200"],
    ),
    "statuses for their range": (
        {"responses": YES | {"4XX": {"description": "No."}}},
        {"responses": YES | {"404": {"description": "No."}}},
        [],
    ),
}


@pytest.mark.parametrize(("old", "new", "expected"), OPERATIONS.values(), ids=OPERATIONS)
def test_what_is_around_the_schemas_is_compared(old: Any, new: Any, expected: list[str]) -> None:
    """Servers, security, parameters, bodies, responses and headers, by what they mean and not by their names."""
    from contract import Contract

    one, other = (Contract("spec.yaml", _with(**keywords)) for keywords in (old, new))
    assert told(contract_diff.compare(one, other)) == expected


def test_a_slash_at_the_end_of_a_path_is_another_path() -> None:
    """The service may not take it."""
    old, new = contract(), contract()
    new.tree["paths"] = {"/a/": new.tree["paths"].pop("/a")}
    assert told(contract_diff.compare(old, new)) == [
        "breaking operation removed, operation",
        "compatible operation added, operation",
    ]


def test_a_rename_is_a_removal_and_an_addition_with_a_note() -> None:
    """Only where the two are the very same."""
    old = contract({"properties": {"a": TEXT, "c": {"type": "integer"}}})
    new = contract({"properties": {"b": TEXT, "d": {"type": "number"}}})
    sentences = {change.sentence for change in contract_diff.compare(old, new)}
    assert sentences == {
        "`a` is gone. It looks like a rename of `a` to `b`.",
        "`b` is new. It looks like a rename of `a` to `b`.",
        "`c` is gone.",
        "`d` is new.",
    }


def test_what_stands_for_all_operations_stands_for_each() -> None:
    """Parameters of the path, servers and security of the document, and what is referred to."""
    from contract import Contract

    parameter = {"name": "id", "in": "query", "schema": TEXT}
    above, below = contract().tree, contract().tree
    above["paths"]["/a"]["parameters"] = [parameter]
    above |= {"servers": [{"url": "https://a"}], "security": [{"one": []}], "components": _scheme(one=KEY)}
    below["paths"]["/a"]["patch"] |= {
        "parameters": [{"$ref": "#/components/parameters/Id"}],
        "servers": [{"url": "https://a"}],
        "security": [{"two": []}],
    }
    below["components"] = {**_scheme(two=KEY), "parameters": {"Id": parameter}}
    assert contract_diff.compare(Contract("spec.yaml", above), Contract("spec.yaml", below)) == []


@pytest.mark.parametrize("name", ["required", "properties", "type", "items", "enum", "pattern", "x-hidden", "default"])
def test_a_field_may_be_called_like_a_keyword(name: str) -> None:
    """A change of its schema is told as that of any other field."""
    old, new = ({"type": "object", "properties": {name: {"type": kind}}} for kind in ("string", "integer"))
    assert compared(old, new, "response") == [f"breaking type, response 200: `{name}`"]


def test_a_reference_may_lead_through_a_list() -> None:
    """Into a part of an `allOf`: what it says there is what counts."""
    old, new = (
        contract({"properties": {"a": {"$ref": "#/components/schemas/A/allOf/0"}}}, schemas={"A": {"allOf": [part]}})
        for part in (TEXT, {"type": "integer"})
    )
    assert told(contract_diff.compare(old, new)) == ["breaking type, response 200: `a`"]


def test_a_field_that_unevaluated_properties_ruled_out_is_told() -> None:
    """What a part of an `allOf` names is what `unevaluatedProperties` beside it leaves alone."""
    old, new = (
        {"type": "object", "allOf": [{"properties": fields}], "unevaluatedProperties": False}
        for fields in ({"a": TEXT}, {"a": TEXT, "b": TEXT})
    )
    assert any(line.startswith("breaking") for line in compared(old, new, "response"))
    assert not any(line.startswith("breaking") for line in compared(old, new, "request"))
