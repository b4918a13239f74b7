"""Any document does not differ from itself, in whatever words the same is said."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from upstream_documents import Their, compared

from contract import Contract

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.tools

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
        {"$ref": "#/components/schemas/Order"},
        {},
    ]
)
_SCHEMAS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.builds(
            lambda fields, required: {"type": "object", "properties": fields, "required": required},
            st.dictionaries(_NAMES, inner, max_size=3),
            st.lists(_NAMES, unique=True, max_size=2),
        ),
        st.builds(lambda one, other: {"anyOf": [one, other]}, inner, inner),
    ),
    max_leaves=6,
)


def _rewrite(schema: Any, draw: Callable[[st.SearchStrategy[int]], int], named: dict[str, Any]) -> Any:
    """The same schema in other words, at each level by chance."""
    rewritten = dict(schema)
    if "properties" in rewritten:
        rewritten["properties"] = {key: _rewrite(child, draw, named) for key, child in rewritten["properties"].items()}
    if "items" in rewritten:
        rewritten["items"] = _rewrite(rewritten["items"], draw, named)
    if "anyOf" in rewritten:
        rewritten["anyOf"] = [_rewrite(child, draw, named) for child in reversed(rewritten["anyOf"])]
    types = rewritten.get("type")
    ways = [rewritten, {"allOf": [rewritten]}, {"oneOf": [rewritten], "description": "x"}]
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


@given(data=st.data(), schema=_SCHEMAS)
@settings(max_examples=100)
def test_a_document_does_not_differ_from_itself_in_other_words(data: st.DataObject, schema: Any) -> None:
    """Whatever stands in an answer and in a body: inlined, wrapped, named, with null in another form."""
    ours, theirs = Their(), Their()
    named: dict[str, Any] = {}
    for where in ("answer", "request"):
        for their, value in ((ours, schema), (theirs, _rewrite(schema, data.draw, named))):
            model = their.order if where == "answer" else their.edit
            model["properties"]["generated"] = copy.deepcopy(value)
    theirs.schemas.update(named)
    assert compared(theirs.tree, Contract("ours", ours.tree)) == []
