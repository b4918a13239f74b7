"""Small contracts of one operation, to be compared: what a request or a response of it may be."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Literal

import yaml

import contract_diff
from contract import Contract
from contract_diff import Change

if TYPE_CHECKING:
    from pathlib import Path

JSON = "application/json"
Where = Literal["request", "response"]
WAYS: tuple[Where, Where] = ("request", "response")
Row = dict[str, Any]
_OF_DOCUMENT = ("servers", "security", "webhooks", "paths", "components")


def contract(
    schema: Any = None, where: Where = "response", schemas: dict[str, Any] | None = None, **keywords: Any
) -> Contract:
    """A contract whose request or response has this schema, if it has one, and which has these keywords.

    Those of an operation go to the operation.
    """
    media = {"content": {JSON: {} if schema is None else {"schema": schema}}}
    operation: dict[str, Any] = {"responses": {"200": {"description": "Yes."}}}
    if where == "request":
        operation["requestBody"] = media
    else:
        operation["responses"]["200"] |= media
    document: dict[str, Any] = {
        "openapi": "3.1.1",
        "info": {"title": "T", "version": "1.0.0"},
        "paths": {"/a": {"patch": operation}},
    }
    for key, value in keywords.items():
        (document if key in _OF_DOCUMENT else operation)[key] = value
    document["components"] = document.get("components", {}) | {"schemas": schemas or {}}
    return Contract("spec.yaml", copy.deepcopy(document))


def summary(changes: list[Change]) -> list[str]:
    """What matters of each change: its verdict, its kind and its place."""
    return sorted(f"{'breaking' if one.breaking else 'compatible'} {one.kind}, {one.what}" for one in changes)


def compared(old: Any, new: Any, where: Where, schemas: dict[str, Any] | None = None) -> list[str]:
    """The changes from one schema to another."""
    return summary(contract_diff.compare(contract(old, where, schemas), contract(new, where, schemas)))


class Table:
    """The rows of a YAML file, by section and name, and the contracts that they mean."""

    def __init__(self, file: Path) -> None:
        self.sections: dict[str, dict[str, Row]] = _with_references(yaml.safe_load(file.read_text("utf-8")))
        self._components: dict[str, Any] = self.sections.pop("components")

    def sides(self, row: Row, where: Where | None = None) -> tuple[Contract, Contract]:
        """The contract before and after the change."""
        return self._side(row, 0, where), self._side(row, -1, where)

    def changes(self, row: Row, where: Where | None = None, *, swapped: bool = False) -> list[str]:
        """The changes that a row makes, for a request or a response in the place of what it names."""
        old, new = self.sides(row, where)
        return summary(contract_diff.compare(new, old) if swapped else contract_diff.compare(old, new))

    def _side(self, row: Row, index: int, where: Where | None) -> Contract:
        schemas = self._components | {name: row[name][index] for name in ("B",) if name in row}
        if "document" in row:
            return contract(schemas=schemas, **row["document"][index])
        place: Where = where or ("request" if "request" in row else "response")
        schema = next(row[key] for key in ("request", "response", "schema") if key in row)[index]
        if schema is None:
            return contract(None, place, schemas)
        return contract({"$ref": "#/components/schemas/A"}, place, schemas | {"A": schema})


def _with_references(node: Any) -> Any:
    """The same with `$ref: Name` as `$ref: '#/components/schemas/Name'`."""
    if isinstance(node, list):
        return [_with_references(each) for each in node]
    if not isinstance(node, dict):
        return node
    made = {key: _with_references(value) for key, value in node.items()}
    if isinstance(made.get("$ref"), str) and made["$ref"].isalpha():
        made["$ref"] = f"#/components/schemas/{made['$ref']}"
    return made
