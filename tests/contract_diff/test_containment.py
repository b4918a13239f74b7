"""Random pairs of schemas, judged by values that one takes and the other refuses; `make fuzz` prints the figures."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from contracts import WAYS, contract
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_schemas import VALUES, documents, pairs, schemas

import contract_diff

if TYPE_CHECKING:
    from collections.abc import Callable

    from contracts import Where

    Pairs = st.SearchStrategy[tuple[Any, Any]]

pytestmark = pytest.mark.tools

ROOT = {"$ref": "#/components/schemas/Root"}
# The least that must be judged right: of pairs that break something, and of pairs that break nothing.
BREAKING, COMPATIBLE = 0.995, 0.8


@pytest.fixture
def check(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Callable[..., None]:
    """Judge pairs, print the figures, and check them."""

    def run(
        is_breaking: Callable[[Any, Any], bool | None],
        breaks: Callable[[Any, Any], bool],
        source: Pairs,
        share: int = 1,
        compatible: float = COMPATIBLE,
    ) -> None:
        """Judge pairs.

        Args:
            is_breaking: The verdict on a pair; None if that it breaks something does not follow from values.
            breaks: Whether values show that a pair breaks something.
            source: What makes the pairs.
            share: Of how many examples of the profile one is tried.
            compatible: The least share of the pairs that break nothing which must be called compatible.
        """
        counts = {"breaking": Counter[bool](), "compatible": Counter[bool]()}

        @given(source)
        @settings(max_examples=settings().max_examples // share, suppress_health_check=list(HealthCheck))
        def judge(pair: tuple[Any, Any]) -> None:
            verdict = is_breaking(*pair)
            if breaks(*pair):
                counts["breaking"][verdict is not False] += 1
            elif verdict is not None:
                counts["compatible"][not verdict] += 1

        judge()
        for (verdict, count), least in zip(counts.items(), (BREAKING, compatible), strict=True):
            with capsys.disabled():
                print(f"\n{request.node.name}: {count[True]:,} of {count.total():,} {verdict} pairs called {verdict}")
            assert count[True] >= least * count.total()

    return run


def _separates(taken: list[Any], refused: Any) -> bool:
    """Whether some value meets all of the first schemas and not the last."""
    import jsonschema_rs  # a tool

    validators = [jsonschema_rs.Draft202012Validator(schema) for schema in taken]
    other = jsonschema_rs.Draft202012Validator(refused)
    return any(all(each.is_valid(v) for each in validators) and not other.is_valid(v) for v in VALUES)


def test_containment_agrees_with_values(check: Callable[..., None]) -> None:
    """What one schema takes and the other refuses is nearly always found, and little else is called so."""
    check(
        lambda narrow, wide: not contract_diff.is_within(narrow, wide),
        lambda narrow, wide: _separates([narrow], wide),
        pairs(),
    )


@pytest.mark.parametrize("where", WAYS)
@pytest.mark.parametrize(
    "source",
    [pairs().map(lambda pair: tuple({"Root": each} for each in pair)), documents()],
    ids=["plain", "references"],
)
def test_a_verdict_on_contracts_agrees_with_values(where: Where, source: Pairs, check: Callable[..., None]) -> None:
    """The same of whole contracts, where a field without a name is nobody's, and a field that goes always breaks."""

    def is_breaking(old: Any, new: Any) -> bool | None:
        changes = contract_diff.compare(contract(ROOT, where, old), contract(ROOT, where, new))
        kinds = {change.kind for change in changes if change.breaking}
        return None if kinds == {"field removed"} else bool(kinds)

    def breaks(old: Any, new: Any) -> bool:
        narrow, wide = (old, new) if where == "request" else (new, old)
        whole, closed, other = (ROOT | {"components": {"schemas": each}} for each in (narrow, _closed(narrow), wide))
        return _separates([whole, closed], other)

    check(is_breaking, breaks, source, share=4)


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


def _rewrite(schema: Any, draw: st.DrawFn, named: dict[str, Any]) -> Any:
    """The same schema in other words, at each level by chance."""
    if isinstance(schema, list):
        return [_rewrite(child, draw, named) for child in schema]
    if not isinstance(schema, dict):
        return schema
    rewritten = dict(schema)
    for key in sorted(schema.keys() & {"items", "anyOf"}):
        rewritten[key] = _rewrite(schema[key], draw, named)
    if "properties" in schema:
        rewritten["properties"] = {name: _rewrite(field, draw, named) for name, field in schema["properties"].items()}
    types = rewritten.get("type")
    ways = [rewritten, {"allOf": [rewritten]}, {"oneOf": [rewritten], "description": "x"}]
    ways += [{**rewritten, key: rewritten[key][::-1]} for key in ("anyOf", "enum") if key in rewritten]
    if types == ["string", "null"]:
        ways.append({**rewritten, "type": "string", "nullable": True})
    if isinstance(types, list):
        ways.append({"anyOf": [{**rewritten, "type": one} for one in types]})
    if isinstance(types, str):
        ways.append({"allOf": [rewritten, {"type": types}]})
    way = draw(st.integers(0, len(ways)))
    if way < len(ways):
        return ways[way]
    name = f"New{len(named)}"
    named[name] = rewritten
    return {"$ref": f"#/components/schemas/{name}"}


@st.composite
def _in_other_words(draw: st.DrawFn) -> tuple[Any, Any]:
    """A schema, and the same as a reference that leads to it in other words, with the schemas it refers to."""
    schema, named = draw(schemas()), dict[str, Any]()
    rewritten = _rewrite(schema, draw, named)
    return {"Root": schema}, {**named, "Root": rewritten}


def test_a_schema_in_other_words_is_hardly_ever_a_change(check: Callable[..., None]) -> None:
    """Inlined, wrapped, named, with null in another form."""

    def is_changed(old: Any, new: Any) -> bool:
        changes = contract_diff.compare(contract(ROOT, "request", old), contract(ROOT, "request", new))
        return any(change.kind != "words" for change in changes)

    check(is_changed, lambda *_: False, _in_other_words(), share=2, compatible=0.98)
