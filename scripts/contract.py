"""Reads the contract and says what is wrong with it, and where: file, line and JSON pointer."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Pointer = tuple[str | int, ...]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with the contract."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


class ContractError(Exception):
    """The contract cannot be used; `findings` says why."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(map(str, findings)))
        self.findings = findings


@dataclass(frozen=True)
class Contract:
    """A contract that was read: what it says, and on which line."""

    name: str
    tree: Any

    def where(self, pointer: Pointer) -> str:
        """`openapi/spec.yaml:12: #/paths/...`, the line being that of the key or item."""
        return f"{self.name}:{self._line(pointer)}: {show(pointer)}"

    def _line(self, pointer: Pointer) -> int:
        from ruamel.yaml.comments import CommentedMap, CommentedSeq  # a tool, which not everybody has who reads JSON

        node, line = self.tree, 0
        for part in pointer:
            if isinstance(node, CommentedMap) and part in node:
                # What a merge key brings has no line of its own here.
                with suppress(KeyError, TypeError):
                    line = node.lc.key(part)[0]
            elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
                line = node.lc.item(part)[0]
            else:
                break
            node = node[part]
        return line + 1

    def plain(self) -> Any:
        """The contract as plain JSON values."""
        return _plain(self.tree)


def show(pointer: Pointer) -> str:
    """A JSON pointer as a URI fragment, readable: `#/paths/~1v3~1orders`."""
    return "#" + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in pointer)


def target(reference: str) -> Pointer:
    """The pointer of a reference into the same document."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in reference[2:].split("/"))


def at(tree: Any, pointer: Pointer) -> Any:
    """What stands there, None if nothing does."""
    for part in pointer:
        try:
            tree = tree[part]
        except (KeyError, IndexError, TypeError):
            return None
    return tree


def read(path: Path, name: str) -> Contract:
    """Read a contract and check that it can be generated from.

    Raises:
        ContractError: If it is not YAML, not OpenAPI, or against a rule of ours.
    """
    contract = parse(path, name)
    for findings in problems(contract):
        if findings:
            raise ContractError(findings)
    return contract


def problems(contract: Contract) -> Iterator[list[Finding]]:
    """What is wrong, check by check; a later one may stumble over what an earlier one found."""
    from contract_checks import CHECKS

    for check in CHECKS:
        try:
            findings = list(check(contract))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            findings = [Finding(contract.name, f"cannot be checked ({type(error).__name__}: {error})")]
        yield findings


def parse(path: Path, name: str) -> Contract:
    """Read a contract without looking at what it says.

    Raises:
        ContractError: If it is not YAML, or no mapping.
    """
    return Contract(name, _parse(path, name))


def _parse(path: Path, name: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise ContractError([Finding(name, f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ContractError([Finding(f"{name}:{line}", "is not UTF-8")]) from error
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        what = ", ".join(part for part in (error.problem, error.context) if part)
        what = re.sub(r' with value ".*"', "", what)  # a key that stands twice comes with all that is below it
        raise ContractError([Finding(where, f"is not YAML: {what}")]) from error
    except (YAMLError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ContractError([Finding(name, f"is not YAML: {' '.join(str(error).split())}")]) from error
    if not isinstance(tree, dict):
        raise ContractError([Finding(f"{name}:1", "is not an OpenAPI document: the top level is not a mapping")])
    return tree


def walk(node: Any, pointer: Pointer = ()) -> Iterator[tuple[Pointer, Any]]:
    """Every part of a document, with its pointer."""
    yield pointer, node
    children: Any = ()
    if isinstance(node, dict):
        children = node.items()
    elif isinstance(node, list):
        children = enumerate(node)
    for key, child in children:
        yield from walk(child, (*pointer, key))


def resolve(tree: Any, pointer: Pointer) -> tuple[Pointer, Any]:
    """Where what a pointer leads to really is, and what it is."""
    while isinstance(node := at(tree, pointer), dict) and isinstance(node.get("$ref"), str):
        pointer = target(node["$ref"])
    return pointer, node


def with_since(node: Any) -> Any:
    """A copy of a contract in which each description says since which API version (`x-since`) it holds."""
    if isinstance(node, list):
        return [with_since(child) for child in node]
    if not isinstance(node, dict):
        return node
    copy = {key: with_since(child) for key, child in node.items()}
    if isinstance(copy.get("x-since"), str) and isinstance(copy.get("description"), str):
        copy["description"] = f"{copy['description'].rstrip()} Since API version {copy['x-since']}."
    return copy


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(key): _plain(child) for key, child in node.items()}
    if isinstance(node, list):
        return [_plain(child) for child in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node
