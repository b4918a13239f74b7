"""Random pairs of schemas, judged by values that one takes and the other refuses; `make fuzz` prints the figures."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from contracts import contract
from hypothesis import HealthCheck, given, settings
from random_schemas import VALUES, documents, pairs

import contract_diff

if TYPE_CHECKING:
    from collections.abc import Callable

    from contracts import Where
    from hypothesis.strategies import SearchStrategy

pytestmark = pytest.mark.tools

# The least that must be found: of pairs that break something, and of pairs that break nothing.
FOUND, LEFT_ALONE = 0.995, 0.8


def _figures(
    is_breaking: Callable[[Any, Any], bool | None],
    breaks: Callable[[Any, Any], bool],
    share: int = 1,
    source: Callable[[], SearchStrategy[tuple[Any, Any]]] = pairs,
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


def _check(name: str, counted: Counter[str], capsys: pytest.CaptureFixture[str]) -> None:
    found = counted["called breaking"] / counted["breaking"]
    left_alone = counted["called compatible"] / counted["compatible"]
    with capsys.disabled():
        print(
            f"\n{name}: {counted['called breaking']:,} of {counted['breaking']:,} breaking pairs called breaking "
            f"({found:.2%}), {counted['called compatible']:,} of {counted['compatible']:,} compatible pairs called "
            f"compatible ({left_alone:.1%})"
        )
    assert found >= FOUND
    assert left_alone >= LEFT_ALONE


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
