"""Changes that can hide: behind the names of keywords, beside references, in circles, in schemas that are true or false."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from contracts import contract, told

import contract_diff

if TYPE_CHECKING:
    from contracts import Where

pytestmark = pytest.mark.tools

TEXT: dict[str, Any] = {"type": "string"}
WHOLE: dict[str, Any] = {"type": "integer"}
NULL: dict[str, Any] = {"type": "null"}
OBJECT: dict[str, Any] = {"type": "object"}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _fields(**fields: Any) -> dict[str, Any]:
    return OBJECT | {"properties": fields}


def _named(old: dict[str, Any], new: dict[str, Any], where: Where, schema: Any = None) -> list[str]:
    """The changes of a request or a response of the schema `A`, or another, from these schemas to those."""
    schema = _ref("A") if schema is None else schema
    return told(contract_diff.compare(contract(schema, where, old), contract(schema, where, new)))


@pytest.mark.parametrize(
    "name",
    ["title", "description", "summary", "example", "examples", "externalDocs", "$comment", "x-a", "required", "$ref"],
)
def test_a_field_called_like_words_is_a_field(name: str) -> None:
    """Whether it is another, goes, or comes where other fields were refused."""
    old, closed = {"A": _fields(**{name: TEXT})}, {"additionalProperties": False}
    assert _named(old, {"A": _fields(**{name: WHOLE})}, "request") == [f"breaking type, request body: `{name}`"]
    assert _named(old, {"A": _fields()}, "response") == ["breaking field removed, response 200"]
    assert _named({"A": _fields() | closed}, {"A": old["A"] | closed}, "response") == [
        "breaking field added, response 200"
    ]


@pytest.mark.parametrize("key", ["const", "enum"])
def test_a_value_with_fields_called_like_words_is_a_value(key: str) -> None:
    """`{title: a}` is another value than `{title: b}`, and no words."""
    old, new = ({"A": {key: {"title": text} if key == "const" else [{"title": text}]}} for text in "ab")
    assert [each.split(",")[0] for each in _named(old, new, "request")] == [
        "breaking enum value removed",
        "compatible enum value added",
    ]


BESIDE: dict[str, tuple[Where, Any]] = {
    "deprecated": ("request", _ref("B") | {"deprecated": True}),
    "a default": ("request", _ref("B") | {"default": "x"}),
    "readOnly": ("response", _ref("B") | {"readOnly": True}),
    "a limit": ("request", _ref("B") | {"maxLength": 9}),
    "a part": ("request", {"allOf": [_ref("B") | {"maxLength": 9}]}),
}


@pytest.mark.parametrize(("where", "schema"), BESIDE.values(), ids=BESIDE)
def test_what_stands_beside_a_reference_hides_nothing(where: Where, schema: Any) -> None:
    """What it refers to is compared."""
    found = _named({"A": _fields(a=schema), "B": TEXT}, {"A": _fields(a=schema), "B": WHOLE}, where)
    assert found == [f"breaking type, {'request body' if where == 'request' else 'response 200'}: `a`"]


def test_a_chain_of_references_hides_nothing() -> None:
    """One that is too long to follow is no comparison."""

    def chain(last: Any) -> dict[str, Any]:
        return {"A": _ref("B0")} | {f"B{index}": _ref(f"B{index + 1}") for index in range(120)} | {"B120": last}

    with pytest.raises(contract_diff.DiffError, match=r"spec\.yaml.*of more than 100 references"):
        _named(chain(TEXT), chain(WHOLE), "request")


def _circles(schema: Any) -> dict[str, Any]:
    return {"A": _fields(v=TEXT, child=schema)}


NULLABLE = {"anyOf": [_ref("A"), NULL]}
CIRCLES: dict[str, tuple[Where, dict[str, Any], dict[str, Any]]] = {
    "null comes": ("response", _circles(_ref("A")), _circles(NULLABLE)),
    "null goes": ("request", _circles(NULLABLE), _circles(_ref("A"))),
    "a text comes": ("response", _circles(NULLABLE), _circles({"anyOf": [_ref("A"), TEXT, NULL]})),
    "null comes in a map": (
        "response",
        {"A": OBJECT | {"additionalProperties": _ref("A")}},
        {"A": OBJECT | {"additionalProperties": NULLABLE}},
    ),
    "a limit comes": ("request", _circles(_ref("A")), _circles({"allOf": [_ref("A"), {"minProperties": 1}]})),
    "a field is required": ("request", _circles(_ref("A")), _circles({"allOf": [_ref("A"), {"required": ["v"]}]})),
    "anything comes in a list": ("response", {"A": {"type": "array", "items": _ref("A")}}, {"A": {"type": "array"}}),
    "null comes in a list": (
        "request",
        _circles({"type": "array", "items": NULLABLE}),
        _circles({"type": "array", "items": _ref("A")}),
    ),
}


@pytest.mark.parametrize(("where", "old", "new"), CIRCLES.values(), ids=CIRCLES)
def test_a_change_where_a_circle_closes_is_told(where: Where, old: dict[str, Any], new: dict[str, Any]) -> None:
    """It breaks what is sent one way, and not what is sent the other way."""
    other: Where = "response" if where == "request" else "request"
    for one, two, way, is_breaking in ((old, new, where, True), (old, new, other, False), (new, old, where, False)):
        assert any(each.startswith("breaking") for each in _named(one, two, way)) is is_breaking
    assert _named(old, old, where) == _named(new, new, where) == []


BOOLEANS: dict[str, tuple[Where, Any, Any]] = {
    "true and false change places": ("request", _fields(a=False, b=True), _fields(a=True, b=False)),
    "true and false become one": ("response", _fields(a=True, b=False), _fields(a=_ref("X"), b=_ref("X"))),
    "nothing and false become one": (
        "response",
        _fields(a={"type": "array"}) | {"additionalProperties": False},
        _fields(a={"type": "array", "items": _ref("X")}) | {"additionalProperties": _ref("X")},
    ),
}


@pytest.mark.parametrize(("where", "old", "new"), BOOLEANS.values(), ids=BOOLEANS)
def test_true_and_false_are_not_the_same(where: Where, old: Any, new: Any) -> None:
    """Nor is either what allows everything."""
    assert any(each.startswith("breaking") for each in _named({"A": old, "X": TEXT}, {"A": new, "X": TEXT}, where))


UNREADABLE: dict[str, tuple[Where, Any, Any]] = {
    "a schema that is not itself": ("response", _ref("N") | {"enum": ["a"]}, _ref("N") | {"enum": ["a", "b"]}),
    "a condition that is its own": ("response", _ref("C") | {"enum": ["a"]}, _ref("C") | {"enum": ["a", "b"]}),
    "a pattern and a value": ("request", TEXT | {"enum": ["a"]}, TEXT | {"pattern": r"^\p{L}+$"}),
    "a pattern that takes ages": ("request", TEXT | {"enum": ["a" * 40 + "b"]}, TEXT | {"pattern": "^(a+)+$"}),
    "a pattern that takes ages, and a field": (
        "request",
        OBJECT | {"patternProperties": {"^(a+)+$": TEXT}},
        _fields(**{"a" * 40 + "b": WHOLE}) | {"patternProperties": {"^(a+)+$": TEXT}},
    ),
    "a pattern for fields, and a field": (
        "request",
        OBJECT | {"patternProperties": {r"^\p{L}+$": TEXT}},
        _fields(a=TEXT) | {"patternProperties": {r"^\p{L}+$": TEXT}, "additionalProperties": False},
    ),
    "a pattern for fields, and a field of another type": (
        "request",
        OBJECT | {"patternProperties": {r"^\p{L}+$": TEXT}},
        _fields(a=WHOLE) | {"patternProperties": {r"^\p{L}+$": TEXT}},
    ),
    "another pattern for fields": (
        "request",
        OBJECT | {"patternProperties": {r"^\p{L}+$": TEXT}},
        OBJECT | {"patternProperties": {r"^\p{N}+$": TEXT}},
    ),
    "a schema below a pattern": (
        "request",
        OBJECT | {"patternProperties": {r"^\p{L}+$": TEXT}},
        OBJECT | {"patternProperties": {r"^\p{L}+$": WHOLE}},
    ),
    "steps of a number": ("request", {"type": "number", "multipleOf": 1e40}, {"type": "number", "multipleOf": 3}),
    "a limit beyond all numbers": (
        "request",
        {"type": "integer", "maximum": 10**401},
        {"type": "integer", "maximum": 10**400},
    ),
    "a type that is none": ("response", TEXT, {"type": "date"}),
    "a type that is none, and values": ("response", TEXT | {"enum": ["a"]}, {"type": "date", "enum": ["a", "b"]}),
    "a format and a value": ("request", TEXT | {"enum": ["a"]}, TEXT | {"format": "uuid"}),
    "a keyword that is not known, and a value": ("request", TEXT | {"enum": ["a"]}, TEXT | {"isLower": False}),
}
LOOPS = {"N": {"not": _ref("N")}, "C": {"if": _ref("C"), "then": {"maxLength": 3}}}


@pytest.mark.parametrize(("where", "old", "new"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_not_shown(where: Where, old: Any, new: Any, capfd: pytest.CaptureFixture[str]) -> None:
    """A change of it is breaking; where nothing changes, there is no change."""
    assert any(each.startswith("breaking") for each in _named({"A": old} | LOOPS, {"A": new} | LOOPS, where))
    assert _named({"A": old} | LOOPS, {"A": old} | LOOPS, where) == []
    described = {"A": _fields(a=old | {"description": "Words."}, b=TEXT)} | LOOPS
    assert _named({"A": _fields(a=old)} | LOOPS, described, "request") == [
        "compatible field added, request body",
        "compatible words, A.a",
    ]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("schema", "other"),
    [({"format": {}}, TEXT), ({"enum": [1], "type": ["data", 3]}, TEXT), ({"dependentRequired": {"a": 1}}, OBJECT)],
)
def test_malformed_keywords_are_compared(schema: Any, other: Any) -> None:
    """They say nothing that could be compared, or only that they are the same."""
    for where in ("request", "response"):
        assert _named({"A": schema}, {"A": schema}, where) == []
        _named({"A": schema}, {"A": other}, where)
        _named({"A": other}, {"A": schema}, where)


def _deep(schema: Any, depth: int) -> Any:
    for _ in range(depth):
        schema = _fields(a=schema)
    return schema


def test_what_is_nested_too_deeply_is_no_comparison() -> None:
    """The message says where it is."""
    with pytest.raises(contract_diff.DiffError, match=r"spec\.yaml.*nested too deeply"):
        _named({"A": _deep(TEXT, 100)}, {"A": _deep(WHOLE, 100)}, "request")


@pytest.mark.parametrize(
    ("keywords", "place"),
    [
        ({"responses": {"": {"description": "Yes."}}}, "/paths/~1a/patch/responses"),
        ({"responses": {"200": {"description": "Yes."}}, "security": ["a"]}, "/paths/~1a/patch/security/0"),
    ],
)
def test_what_is_malformed_is_no_comparison(keywords: Any, place: str) -> None:
    """The message says where it is."""
    for one, other in ((contract(), contract(**keywords)), (contract(**keywords), contract())):
        with pytest.raises(contract_diff.DiffError, match=rf"spec\.yaml.*{place}"):
            contract_diff.compare(one, other)


REQUIRED: dict[str, tuple[Any, Any, list[str]]] = {
    "it was required and gets a type": (
        OBJECT | {"required": ["b"]},
        _fields(b=WHOLE),
        ["breaking type, request body: `b`", "compatible field optional, request body"],
    ),
    "it is required and gets a type": (
        OBJECT | {"required": ["b"]},
        _fields(b=WHOLE) | {"required": ["b"]},
        ["breaking type, request body: `b`"],
    ),
    "it is required and loses its type": (
        _fields(b=WHOLE) | {"required": ["b"]},
        OBJECT | {"required": ["b"]},
        ["compatible type, request body: `b`"],
    ),
}


@pytest.mark.parametrize(("old", "new", "expected"), REQUIRED.values(), ids=REQUIRED)
def test_a_field_that_is_only_required_has_a_name(old: Any, new: Any, expected: list[str]) -> None:
    """So it is sent, and what it gets as a schema limits it."""
    assert _named({"A": old}, {"A": new}, "request") == expected


PET = _fields(name=TEXT)
BARKS = _fields(bark={"type": "boolean"}) | {"required": ["bark"]}
ALTERNATIVES: dict[str, tuple[Where, Any, Any]] = {
    "one comes": ("response", {"anyOf": [TEXT, PET]}, {"anyOf": [TEXT, PET, BARKS]}),
    "another comes": ("response", PET, {"oneOf": [PET, BARKS]}),
    "an open one goes": ("request", {"anyOf": [OBJECT, PET]}, {"anyOf": [PET]}),
    "a value of an open enum comes, too": (
        "response",
        TEXT | {"enum": ["x"], "x-open-enum": True, "oneOf": [{"maxLength": 3}, {"pattern": "x"}]},
        TEXT | {"enum": ["x", "y"], "x-open-enum": True, "anyOf": [{"maxLength": 3}, {"pattern": "x"}]},
    ),
    "what one of several need not say": (
        "request",
        _fields(y=_ref("B")) | {"anyOf": [_fields(x=_ref("B")), OBJECT]},
        _fields(y=_ref("C")) | {"anyOf": [_fields(x=_ref("C")), OBJECT]},
    ),
    "a field goes below a pattern": (
        "response",
        OBJECT | {"patternProperties": {"^a": _fields(c=TEXT)}},
        OBJECT | {"patternProperties": {"^a": OBJECT}},
    ),
    "a field goes among items": (
        "response",
        {"type": "array", "contains": _fields(c=TEXT)},
        {"type": "array", "contains": OBJECT},
    ),
    "a field goes below a condition": (
        "response",
        {"if": {"required": ["a"]}, "then": _fields(b=_fields(c=TEXT))},
        {"if": {"required": ["a"]}, "then": _fields(b=OBJECT)},
    ),
}


@pytest.mark.parametrize(("where", "old", "new"), ALTERNATIVES.values(), ids=ALTERNATIVES)
def test_what_one_alternative_names_is_promised_by_all(where: Where, old: Any, new: Any) -> None:
    """It is not forgiven as a field that nobody had heard of."""
    more = {"B": TEXT, "C": WHOLE}
    assert any(each.startswith("breaking") for each in _named({"A": old} | more, {"A": new} | more, where))
