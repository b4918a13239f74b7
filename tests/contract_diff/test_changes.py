"""What a change of a contract means for its users: the rows of changes.yaml, and what does not fit into a row."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from contracts import WAYS, Row, Table, Where, compared, contract, summary

import contract_diff

if TYPE_CHECKING:
    from contract import Contract

pytestmark = pytest.mark.tools

TABLE = Table(Path(__file__).with_name("changes.yaml"))
TEXT, WHOLE, OBJECT = ({"type": kind} for kind in ("string", "integer", "object"))


def rows(section: str, **more: Row) -> pytest.MarkDecorator:
    table = TABLE.sections[section] | more
    return pytest.mark.parametrize("row", table.values(), ids=table)


def is_breaking(changes: list[str]) -> bool:
    return any(change.startswith("breaking") for change in changes)


def unchanged(row: Row) -> bool:
    """Whether neither side of the change differs from itself."""
    return not any(contract_diff.compare(side, side) for side in TABLE.sides(row))


@rows("exact")
def test_a_change_is_reported_with_its_verdict_kind_and_place(row: Row) -> None:
    """And nothing else is reported."""
    assert TABLE.changes(row) == row["expected"]
    assert unchanged(row)


VALUES = [str(number) for number in range(120)]
SERVERS = [
    {"servers": [{"url": "https://{r}.x", "variables": {"r": {"default": "0", "enum": values}}}]}
    for values in (VALUES, VALUES[:-1])
]


@rows("breaking", **{"the last of many values of a server goes": {"document": SERVERS}})
def test_a_change_that_takes_something_away_is_breaking(row: Row) -> None:
    """However it hides: behind references, in discriminators, media types, alternatives, schemas that are true or false."""
    assert is_breaking(TABLE.changes(row))
    assert unchanged(row)


@rows("compatible")
def test_a_change_that_takes_nothing_away_is_compatible(row: Row) -> None:
    """Whatever it is reported as."""
    assert not is_breaking(TABLE.changes(row))


@pytest.mark.parametrize("where", WAYS)
@rows("same")
def test_an_equivalent_schema_is_no_change(row: Row, where: Where) -> None:
    """Moved, renamed, or said in other words."""
    assert TABLE.changes(row, where) == TABLE.changes(row, where, swapped=True) == []


@rows("circles")
def test_a_change_in_a_recursive_schema_breaks_one_way(row: Row) -> None:
    """What is sent one way, and not what is sent the other way."""
    (where,) = row
    other: Where = "response" if where == "request" else "request"
    assert is_breaking(TABLE.changes(row))
    assert not is_breaking(TABLE.changes(row, other))
    assert not is_breaking(TABLE.changes(row, swapped=True))
    assert unchanged(row)


NUMBERS = [{"type": "integer", "maximum": 10**digits} for digits in (401, 400)]


@rows("unreadable", **{"a limit beyond all numbers": {"request": NUMBERS}})
def test_a_schema_that_cannot_be_judged_is_breaking_only_where_it_changes(
    row: Row, capfd: pytest.CaptureFixture[str]
) -> None:
    """A description, or a field beside it, is judged as usual; no message of a tool reaches the terminal."""
    assert is_breaking(TABLE.changes(row))
    assert unchanged(row)
    (old, _) = next(iter(row.values()))
    fields = ({"a": old}, {"a": old | {"description": "Words."}, "b": TEXT})
    described = {"request": [OBJECT | {"properties": each} for each in fields]}
    assert TABLE.changes(described) == ["compatible field added, request body", "compatible words, A.a"]
    assert capfd.readouterr() == ("", "")


@rows("odd")
def test_odd_schemas_are_compared(row: Row) -> None:
    """A limit of another type, a value of any type, a malformed keyword: no crash, and no difference from itself."""
    odd = row["schema"][0]
    for where in WAYS:
        assert compared(odd, odd, where) == []
        for other in ({}, TEXT, OBJECT):
            compared(odd, other, where)
            compared(other, odd, where)


@rows("malformed")
def test_an_invalid_reference_or_structure_is_an_error_with_its_place(row: Row) -> None:
    """In the old contract or in the new one: no traceback, and no guess."""
    broken, fine = TABLE.sides(row)[0], contract({"properties": {"name": TEXT}}, "request")
    for old, new in ((broken, fine), (fine, broken)):
        with pytest.raises(contract_diff.DiffError, match=rf"spec\.yaml.*{row['message']}"):
            contract_diff.compare(old, new)


def chained(length: int, last: Any, form: str) -> Contract:
    """A request of a chain of schemas: each is the next one, or is composed of it twice, or has it as two fields."""

    def link(number: int) -> Any:
        after = {"$ref": f"#/components/schemas/S{number + 1}"}
        links = {"$ref": after, "allOf": {"allOf": [after] * 2}, "properties": {"properties": {"a": after, "b": after}}}
        return links[form]

    schemas = {f"S{number}": link(number) for number in range(length)} | {f"S{length}": last}
    return contract({"$ref": "#/components/schemas/S0"}, "request", schemas)


@pytest.mark.parametrize(
    ("form", "length", "message"),
    [
        ("$ref", 120, "of more than 100 references"),
        ("allOf", 200, "is at the end of a chain of more than 100 schemas"),
        ("properties", 90, r"is nested too deeply: request body: `a\.a"),
    ],
)
def test_a_chain_of_schemas_is_followed_up_to_a_limit(form: str, length: int, message: str) -> None:
    """Each pair of schemas is compared once, so that millions of paths take no time."""
    changes = contract_diff.compare(chained(40, TEXT, form), chained(40, WHOLE, form))
    place = ": `" + ".".join("a" * 40) + "`" if form == "properties" else ""
    assert summary(changes)[0] == f"breaking type, request body{place}"
    with pytest.raises(contract_diff.DiffError, match=rf"spec\.yaml.*{message}"):
        contract_diff.compare(chained(length, TEXT, form), chained(length, WHOLE, form))


def test_a_field_of_a_tree_of_schemas_is_reported_once() -> None:
    """A schema that has itself as a field, in a list and in alternatives."""
    here = {"$ref": "#/components/schemas/A"}
    tree = {"parent": here, "children": {"type": "array", "items": {"anyOf": [here, here]}}}
    old, new = ({"A": OBJECT | {"properties": tree | fields}} for fields in ({}, {"more": TEXT}))
    changes = contract_diff.compare(contract(here, schemas=old), contract(here, schemas=new))
    assert summary(changes) == ["compatible field added, response 200"]


def test_thousands_of_values_and_hundreds_of_alternatives_are_compared_fast() -> None:
    """Alternatives in another order are not compared one by one: that nothing is taken away is not shown."""
    values = [f"v{number}" for number in range(5_000)]
    branches = [OBJECT | {"required": [f"f{number}"]} for number in range(500)]
    began = time.perf_counter()
    assert not is_breaking(compared({"enum": values}, {"enum": values[::-1]}, "request"))
    assert is_breaking(compared({"enum": values}, {"enum": [*values[::-1], "more"]}, "response"))
    assert is_breaking(compared({"anyOf": branches}, {"anyOf": branches[::-1]}, "request"))
    assert not is_breaking(compared({"anyOf": branches}, {"anyOf": [*branches]}, "request"))
    assert time.perf_counter() - began < 6


def test_too_many_alternatives_are_breaking_only_where_they_change() -> None:
    """225 are not multiplied out: that nothing is taken away, by whatever changes, is not shown."""
    one, other = ([{"required": [f"{name}{number}"]} for number in range(15)] for name in "ab")
    many = {"properties": {"c": TEXT}, "allOf": [{"anyOf": one}, {"anyOf": other}]}
    assert compared(many, many, "request") == []
    changes = ["breaking schema, request body", "compatible type, request body: `c`"]
    assert compared(many, many | {"properties": {"c": {}}}, "request") == changes


def test_a_rename_is_a_removal_and_an_addition_with_a_note() -> None:
    """Only where the two are the very same."""
    old = contract({"properties": {"a": TEXT, "c": WHOLE}})
    new = contract({"properties": {"b": TEXT, "d": {"type": "number"}}})
    assert {change.sentence for change in contract_diff.compare(old, new)} == {
        "`a` was removed. It looks like a rename of `a` to `b`.",
        "`b` was added. It looks like a rename of `a` to `b`.",
        "`c` was removed.",
        "`d` was added.",
    }


WORDS = ["title", "description", "summary", "example", "examples", "externalDocs", "$comment", "x-a", "$ref", "default"]
KEYWORDS = ["required", "properties", "type", "items", "enum", "pattern"]


@pytest.mark.parametrize("name", WORDS + KEYWORDS)
def test_a_field_may_have_the_name_of_a_keyword(name: str) -> None:
    """Whether it is another, goes, or comes where other fields were refused."""
    with_text, with_number, without = (OBJECT | {"properties": fields} for fields in ({name: TEXT}, {name: WHOLE}, {}))
    closed = {"additionalProperties": False}
    assert compared(with_text, with_number, "request") == [f"breaking type, request body: `{name}`"]
    assert compared(with_text, without, "response") == ["breaking field removed, response 200"]
    assert compared(without | closed, with_text | closed, "response") == ["breaking field added, response 200"]


def test_every_rule_has_a_reason_and_is_not_stricter_for_the_client() -> None:
    """Each kind is judged once for each direction, that without a direction last; what breaks our client breaks users, or may."""
    seen = [(rule.kind, rule.direction) for rule in contract_diff.RULES]
    assert len(set(seen)) == len(seen)
    order = ["compatible", "breaking unless proved compatible", "breaking"]
    for number, rule in enumerate(contract_diff.RULES):
        assert rule.direction or rule.kind not in [kind for kind, _ in seen[number + 1 :]], rule
        assert rule.because, rule
        assert rule.because_client or rule.client == "compatible", rule
        assert order.index(rule.client) <= order.index(rule.users) or rule.kind in {"no order", "field optional"}, rule
