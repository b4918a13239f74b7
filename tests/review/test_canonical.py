"""Which contracts mean the same, and that a change below what is joined is seen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from contract import Contract, parse
from review import wire
from review.canonical import canonical

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.tools


def contract(
    schema: Any,
    folder: Path,
    schemas: dict[str, Any] | None = None,
    *,
    request: bool = False,
    more: dict[str, Any] | None = None,
) -> Contract:
    content: dict[str, Any] = {"content": {"application/json": {"schema": schema}}}
    answer: dict[str, Any] = {"description": "Yes."}
    operation = {"requestBody": content} if request else {}
    document = {
        "openapi": "3.1.1",
        "info": {"title": "T", "version": "1.0.0"},
        "paths": {"/a": {"patch": operation | {"responses": {"200": answer | ({} if request else content)}}}},
        "components": {"schemas": schemas or {}},
    }
    path = folder / "spec.json"
    path.write_text(json.dumps(document | (more or {})), encoding="utf-8")
    return parse(path, "spec.yaml")


NULLABLE = {"type": ["string", "null"], "maxLength": 5}

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
    "what is open anyway": ({"type": "object"}, {"type": "object", "additionalProperties": {}, "minProperties": 0}),
    "fields of two schemas": (
        {"type": "object", "required": ["a", "b"], "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}},
        {
            "allOf": [
                {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["b"]},
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
    "a field of both": (
        {"properties": {"a": {"type": "string", "maxLength": 2}}},
        {"allOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"a": {"maxLength": 2}}}]},
    ),
}
SCHEMAS = {
    "Short": {"type": "string", "maxLength": 5, "description": "Short."},
    "Named": {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/Short"}}},
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_what_means_the_same_has_one_form(tmp_path: Path, one: Any, other: Any) -> None:
    """Moved, renamed, or said in other words: nothing changes on the wire."""
    first = canonical(contract(one, tmp_path, SCHEMAS)).document
    second = canonical(contract(other, tmp_path, SCHEMAS)).document
    if "minProperties" in str(other):
        del second["paths"]["/a"]["patch"]["responses"]["200"]["content"]["application/json"]["schema"]["minProperties"]
    assert first == second


CHANGES: dict[str, tuple[bool, Any, Any, dict[str, Any], dict[str, Any], list[str]]] = {
    "a limit in a schema that another extends": (
        True,
        {"allOf": [{"$ref": "#/components/schemas/A"}], "properties": {"b": {"type": "string"}}},
        None,
        {"A": {"properties": {"a": {"type": "string"}}}},
        {"A": {"properties": {"a": {"type": "string", "maxLength": 5}}}},
        ["senders limit request body: `a`"],
    ),
    "a field that is required below a reference": (
        True,
        {"$ref": "#/components/schemas/A", "required": ["b"]},
        None,
        {"A": {"properties": {"a": {"type": "string"}}}},
        {"A": {"properties": {"a": {"type": "integer"}}, "required": ["a"]}},
        ["senders field required request body", "senders type request body: `a`"],
    ),
    "null among several alternatives": (
        False,
        {"anyOf": [{"type": "string", "maxLength": 2}, {"type": "integer", "maximum": 2}]},
        {"anyOf": [{"type": "string", "maxLength": 2}, {"type": "integer", "maximum": 2}, {"type": "null"}]},
        {},
        {},
        ["receivers null allowed answer 200: `(anyOf 0)`", "receivers null allowed answer 200: `(anyOf 1)`"],
    ),
    "null that the values begin to allow": (
        False,
        {"type": ["string", "null"], "enum": ["a"]},
        {"type": ["string", "null"], "enum": ["a", None]},
        {},
        {},
        ["receivers null allowed answer 200"],
    ),
    "where a circle leads": (
        False,
        {"$ref": "#/components/schemas/A"},
        None,
        {
            "A": {"properties": {"b": {"$ref": "#/components/schemas/B"}}},
            "B": {"properties": {"up": {"$ref": "#/components/schemas/A"}}},
        },
        {
            "A": {"properties": {"b": {"$ref": "#/components/schemas/B"}}},
            "B": {"properties": {"up": {"$ref": "#/components/schemas/B"}}},
        },
        ["receivers type answer 200: `b.up`"],
    ),
    "a limit in a condition": (
        True,
        {"then": {"$ref": "#/components/schemas/A"}},
        None,
        {"A": {"maxLength": 9}},
        {"A": {"maxLength": 4}},
        ["senders limit request body"],
    ),
    "what is negated": (
        True,
        {"not": {"maxLength": 3}},
        {"not": {"maxLength": 5}},
        {},
        {},
        ["senders constraint request body"],
    ),
    "a pattern for names": (
        True,
        {"type": "object"},
        {"type": "object", "patternProperties": {"^a": {"type": "string"}}},
        {},
        {},
        ["senders constraint request body"],
    ),
    "a field that is not to be sent": (
        True,
        {"properties": {"a": {"type": "string"}}},
        {"properties": {"a": {"type": "string", "readOnly": True}}},
        {},
        {},
        ["senders readOnly request body: `a`"],
    ),
}


@pytest.mark.parametrize("row", CHANGES.values(), ids=CHANGES)
def test_a_change_below_what_is_joined_is_seen(tmp_path: Path, row: Any) -> None:
    """Whatever stands beside or around it."""
    request, one, other, old, new, expected = row
    before = contract(one, tmp_path, old, request=request)
    after = contract(other or one, tmp_path, new, request=request)
    told = [f"{change.breaks} {change.event} {change.what}" for change in wire.compare(before, after)]
    assert sorted(told) == expected


def test_what_stands_for_all_operations_stands_for_each(tmp_path: Path) -> None:
    """Parameters of the path, servers and security of the document; and a scheme's name is never sent."""
    scheme = {"type": "apiKey", "in": "header", "name": "x-api-key"}
    parameter = {"name": "id", "in": "query", "schema": {"type": "string"}}
    answer = {"responses": {"200": {"description": "Yes.", "headers": {"title": {"schema": {"type": "string"}}}}}}
    above = {
        "paths": {"/a": {"parameters": [parameter], "patch": answer}},
        "servers": [{"url": "https://a.example"}],
        "security": [{"one": []}],
        "components": {"securitySchemes": {"one": scheme}},
    }
    below = {
        "paths": {
            "/a": {
                "patch": answer
                | {
                    "parameters": [{"$ref": "#/components/parameters/Id"}],
                    "servers": [{"url": "https://a.example"}],
                    "security": [{"two": []}],
                }
            }
        },
        "components": {"securitySchemes": {"two": scheme}, "parameters": {"Id": parameter}},
    }
    first, second = (contract({}, tmp_path, more=more) for more in (above, below))
    first_form = canonical(first).document
    assert first_form == canonical(second).document
    assert "title" in first_form["paths"]["/a"]["patch"]["responses"]["200"]["headers"]
    assert wire.compare(first, second) == []
