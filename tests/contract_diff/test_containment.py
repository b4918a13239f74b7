"""Random pairs of schemas, judged by values that one takes and the other refuses; `make fuzz` prints the figures."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from contracts import contract
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_schemas import VALUES, documents, pairs

import contract_diff

if TYPE_CHECKING:
    from collections.abc import Callable

    from contracts import Where

pytestmark = pytest.mark.tools

# The least that must be found: of pairs that break something, and of pairs that break nothing.
FOUND, LEFT_ALONE = 0.995, 0.8


def _figures(
    is_breaking: Callable[[Any, Any], bool | None],
    breaks: Callable[[Any, Any], bool],
    share: int = 1,
    source: Callable[[], st.SearchStrategy[tuple[Any, Any]]] = pairs,
) -> Counter[str]:
    """How many pairs break something or nothing, and how many of each are called what they are.

    Args:
        is_breaking: What is said of a pair; None if that it breaks something does not follow from values.
        breaks: Whether values show that a pair breaks something.
        share: Of how many examples of the profile one is tried.
        source: What makes the pairs.
    """
    counted: Counter[str] = Counter()

    @given(source())
    @settings(max_examples=settings().max_examples // share, suppress_health_check=list(HealthCheck))
    def look(pair: tuple[Any, Any]) -> None:
        said = is_breaking(*pair)
        if breaks(*pair):
            counted["breaking"] += 1
            counted["called breaking"] += said is not False
        elif said is not None:
            counted["compatible"] += 1
            counted["called compatible"] += not said

    look()
    return counted


def _check(
    name: str, counted: Counter[str], capsys: pytest.CaptureFixture[str], left_alone: float = LEFT_ALONE
) -> None:
    found = counted["called breaking"] / counted["breaking"] if counted["breaking"] else 1
    compatible = counted["called compatible"] / counted["compatible"]
    with capsys.disabled():
        print(
            f"\n{name}: {counted['called breaking']:,} of {counted['breaking']:,} breaking pairs called breaking "
            f"({found:.2%}), {counted['called compatible']:,} of {counted['compatible']:,} compatible pairs called "
            f"compatible ({compatible:.1%})"
        )
    assert found >= FOUND
    assert compatible >= left_alone


def _separates(taken: list[Any], refused: Any) -> bool:
    """Whether some value meets all of the first schemas and not the last."""
    import jsonschema_rs  # a tool

    validators = [jsonschema_rs.Draft202012Validator(schema) for schema in taken]
    other = jsonschema_rs.Draft202012Validator(refused)
    return any(all(each.is_valid(v) for each in validators) and not other.is_valid(v) for v in VALUES)


def test_containment_is_what_values_say(capsys: pytest.CaptureFixture[str]) -> None:
    """What one schema takes and the other refuses is nearly always found, and little else is called so."""
    counted = _figures(
        lambda narrow, wide: not contract_diff.is_within(narrow, wide),
        lambda narrow, wide: _separates([narrow], wide),
    )
    _check("containment", counted, capsys)


@pytest.mark.parametrize("where", ["request", "response"])
def test_a_contract_is_judged_as_values_say(where: Where, capsys: pytest.CaptureFixture[str]) -> None:
    """The same of whole contracts, where a field without a name is nobody's, and a field that goes always breaks."""

    def is_breaking(old: Any, new: Any) -> bool | None:
        changes = contract_diff.compare(contract(old, where), contract(new, where))
        breaking = [change.kind for change in changes if change.breaking]
        return None if set(breaking) == {"field removed"} else bool(breaking)

    def breaks(old: Any, new: Any) -> bool:
        narrow, wide = (old, new) if where == "request" else (new, old)
        return _separates([narrow, _closed(narrow)], wide)

    _check(where, _figures(is_breaking, breaks, share=4), capsys)


@pytest.mark.parametrize("where", ["request", "response"])
def test_references_and_circles_are_judged_as_values_say(where: Where, capsys: pytest.CaptureFixture[str]) -> None:
    """The same where schemas refer to another one, which may refer to itself."""
    root = {"$ref": "#/components/schemas/Root"}

    def is_breaking(old: Any, new: Any) -> bool | None:
        changes = contract_diff.compare(contract(root, where, old), contract(root, where, new))
        breaking = [change.kind for change in changes if change.breaking]
        return None if set(breaking) == {"field removed"} else bool(breaking)

    def breaks(old: Any, new: Any) -> bool:
        narrow, wide = (old, new) if where == "request" else (new, old)
        whole, closed, other = (root | {"components": {"schemas": each}} for each in (narrow, _closed(narrow), wide))
        return _separates([whole, closed], other)

    _check(f"{where}, references", _figures(is_breaking, breaks, 4, documents), capsys)


def _closed(schema: Any) -> Any:
    """The schema where objects have no fields but those that are named, so that values have no others."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    is_object = isinstance(schema.get("properties", schema.get("type")), dict) or "object" in str(schema.get("type"))
    if is_object and schema.get("additionalProperties", True) in (True, {}):
        closed["additionalProperties"] = False
    return closed


_NAMES = st.sampled_from(["a", "b", "c", "d"])
_LEAVES = st.sampled_from(
    [
        {"type": "string"},
        {"type": "string", "enum": ["x", "y"]},
        {"type": "integer", "minimum": 1},
        {"type": "number"},
        {"type": "boolean"},
        {"type": "string", "format": "date-time", "maxLength": 3},
        {"type": ["string", "null"]},
        {"type": ["integer", "string"]},
        {"$ref": "#/components/schemas/Tree"},
        {},
    ]
)
_SCHEMAS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.builds(
            lambda fields, count: {"type": "object", "properties": fields, "required": sorted(fields)[:count]},
            st.dictionaries(_NAMES, inner, max_size=3),
            st.integers(0, 2),
        ),
        st.builds(lambda one, other: {"anyOf": [one, other]}, inner, inner),
    ),
    max_leaves=6,
)


def _rewrite(schema: Any, draw: st.DrawFn, named: dict[str, Any]) -> Any:
    """The same schema in other words, at each level by chance."""
    rewritten = dict(schema)
    if "properties" in rewritten:
        rewritten["properties"] = {key: _rewrite(child, draw, named) for key, child in rewritten["properties"].items()}
    if "items" in rewritten:
        rewritten["items"] = _rewrite(rewritten["items"], draw, named)
    if "anyOf" in rewritten:
        rewritten["anyOf"] = [_rewrite(child, draw, named) for child in rewritten["anyOf"]]
    types = rewritten.get("type")
    ways = [rewritten, {"allOf": [rewritten]}, {"oneOf": [rewritten], "description": "x"}]
    if "anyOf" in schema:
        ways.append({"anyOf": schema["anyOf"][::-1]})
    if types == ["string", "null"]:
        ways.append({**rewritten, "type": "string", "nullable": True})
    if isinstance(types, list):
        ways.append({"anyOf": [{**rewritten, "type": one} for one in types]})
    if isinstance(types, str):
        ways.append({"allOf": [rewritten, {"type": types}]})
    if "enum" in rewritten:
        ways.append({"enum": [*rewritten["enum"]][::-1]})
    way = draw(st.integers(0, len(ways)))
    if way < len(ways):
        return ways[way]
    name = f"New{len(named)}"
    named[name] = rewritten
    return {"$ref": f"#/components/schemas/{name}"}


TREE: dict[str, Any] = {"Tree": {"properties": {"a": {"$ref": "#/components/schemas/Tree"}, "b": {"type": "string"}}}}


@st.composite
def _in_other_words(draw: st.DrawFn) -> tuple[Any, Any]:
    """A schema, and the same as a reference that leads to it in other words, with the schemas it refers to."""
    schema, named = draw(_SCHEMAS), dict(TREE)
    rewritten = _rewrite(schema, draw, named)
    return schema, {**named, "Root": rewritten}


def test_a_schema_in_other_words_is_hardly_ever_a_change(capsys: pytest.CaptureFixture[str]) -> None:
    """Inlined, wrapped, named, with null in another form."""
    root = {"$ref": "#/components/schemas/Root"}

    def is_changed(schema: Any, schemas: Any) -> bool:
        changes = contract_diff.compare(contract(schema, "request", TREE), contract(root, "request", schemas))
        return any(change.kind != "words" for change in changes)

    counted = _figures(is_changed, lambda *_: False, 2, _in_other_words)
    _check("other words", counted, capsys, left_alone=0.98)
