"""Reads OpenAPI documents, YAML or JSON, and finds the line of each part."""

from __future__ import annotations

import codecs
import datetime as dt
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from command import FailureError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Pointer = tuple[str | int, ...]
METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_MAX_YAML_BYTES: Final = 5 * 2**20  # a few seconds for each megabyte
_MAX_NODES: Final = 5_000_000
_COMPARABLE: Final = re.compile(r"3\.[01](\.|$)")


@dataclass(frozen=True)
class Finding:
    """One problem of a contract, and its place."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


class ContractError(FailureError):
    """The contract cannot be used; `findings` says why."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(map(str, findings)))
        self.findings = findings


@dataclass(frozen=True)
class Contract:
    """A parsed document, with the line of each part."""

    name: str
    tree: Any

    def where(self, pointer: Pointer) -> str:
        """Return the place of a key or item, as `openapi/spec.yaml:12: #/paths/...`; without a line in JSON."""
        line = self._line(pointer)
        return f"{self.name}{f':{line}' if line else ''}: {show(pointer)}"

    def _line(self, pointer: Pointer) -> int:
        if type(self.tree) is dict:
            return 0
        node, line = self.tree, 0
        for part in pointer:
            key = part
            if isinstance(node, dict) and part not in node:  # a number in YAML
                key = next((each for each in node if str(each) == part), part)
            # Keys from a YAML merge key have no line of their own.
            with suppress(AttributeError, KeyError, TypeError):
                line = node.lc.data[key][0]
            node = at(node, (key,))
        return line + 1

    def plain(self) -> Any:
        """Return the document as plain JSON values; an alias is the same object each time.

        Raises:
            ContractError: If it is nested too deeply, or its aliases expand to too many values.
        """
        try:
            plain, size = _plain(self.tree, {})
        except RecursionError:
            raise ContractError([Finding(self.name, "is nested too deeply")]) from None
        if size > _MAX_NODES:
            raise ContractError([Finding(self.name, f"its aliases expand to more than {_MAX_NODES} values")])
        return plain


def show(pointer: Pointer) -> str:
    """Return a JSON pointer as a readable URI fragment: `#/paths/~1v3~1orders`."""
    return "#" + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in pointer)


def target(reference: str) -> Pointer:
    """Return the pointer of a reference into the same document."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in unquote(reference)[2:].split("/"))


def at(tree: Any, pointer: Pointer) -> Any:
    """Return the value at a pointer, or None; the index of an item may be a string, as in references."""
    for part in pointer:
        try:
            tree = tree[int(part) if isinstance(tree, list) and str(part).isdecimal() else part]
        except (KeyError, IndexError, TypeError):
            return None
    return tree


def parse(path: Path, name: str) -> Contract:
    """Read a contract without checking its content.

    Raises:
        ContractError: If it is not YAML, or not a mapping.
    """
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise ContractError([Finding(name, f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ContractError([Finding(f"{name}:{line}", "is not UTF-8")]) from error
    tree = _load_yaml(name, text)
    if not isinstance(tree, dict):
        raise ContractError([Finding(f"{name}:1", "is not an OpenAPI document: the top level is not a mapping")])
    return Contract(name, tree)


def parse_document(name: str, content: bytes) -> Contract:
    """Read an OpenAPI 3.0 or 3.1 document from another source, JSON or YAML, as leniently as possible.

    Raises:
        ContractError: If it is something else.
    """
    is_utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if is_utf_16 else "utf-8-sig")
    except UnicodeDecodeError:
        raise _wrong(name, "is not text in UTF-8") from None
    if text.lstrip().startswith("<"):
        raise _wrong(name, "is HTML or XML, not an OpenAPI document; give the URL of the JSON or YAML")
    contract = Contract(name, _load_json_or_yaml(name, text))
    plain = contract.plain()
    if not isinstance(plain, dict):
        raise _wrong(name, "is not an OpenAPI document: the top level is not a mapping")
    version = str(plain.get("openapi", ""))
    if not _COMPARABLE.match(version):
        description = f"Swagger {plain['swagger']}" if "swagger" in plain else f"OpenAPI {version}" if version else ""
        description = description or "not an OpenAPI document: it has no `openapi` at the top level"
        raise _wrong(name, f"is {description}; only OpenAPI 3.0 and 3.1 can be compared")
    return contract


def _load_json_or_yaml(name: str, text: str) -> Any:
    """Parse a text as JSON, or else as YAML, which may also begin with a brace."""
    failure = ""
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            failure = f"line {error.lineno}, column {error.colno}: is not JSON: {error.msg}"
        except ValueError as error:
            failure = f"is not JSON: {error}"
        except RecursionError:
            raise _wrong(name, "is nested too deeply") from None
    if len(text) > _MAX_YAML_BYTES:
        raise _wrong(name, failure or f"is longer than {_MAX_YAML_BYTES // 2**20} MB, the limit for YAML; use JSON")
    try:
        return _load_yaml(name, text, duplicates=True)
    except ContractError as error:
        raise _wrong(name, failure) if failure else error from None


def _wrong(name: str, message: str) -> ContractError:
    return ContractError([Finding(name, message)])


def _load_yaml(name: str, text: str, *, duplicates: bool = False) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    yaml = YAML(typ="rt")
    yaml.allow_duplicate_keys = duplicates
    try:
        return yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        problem = ", ".join(part for part in (error.problem, error.context) if part)
        problem = re.sub(r' with value ".*"', "", problem)  # the message on a duplicate key contains the whole value
        raise ContractError([Finding(where, f"is not YAML: {problem}")]) from error
    except RecursionError as error:
        raise ContractError([Finding(name, "is nested too deeply")]) from error
    except (YAMLError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ContractError([Finding(name, f"is not YAML: {' '.join(str(error).split())}")]) from error


def _plain(node: Any, done: dict[int, tuple[Any, int]]) -> tuple[Any, int]:
    """Return a node as plain JSON, and its number of values, those of an alias counted each time."""
    if not isinstance(node, dict | list):
        return _scalar(node), 1
    if id(node) not in done:
        plain: Any = {} if isinstance(node, dict) else []
        size = 1
        for key, child in node.items() if isinstance(node, dict) else enumerate(node):
            value, inner = _plain(child, done)
            size += inner
            if isinstance(plain, dict):
                plain[str(key)] = value  # a status without quotes is a number to YAML
            else:
                plain.append(value)
        done[id(node)] = plain, size
    return done[id(node)]


def _scalar(node: Any) -> Any:
    if type(node).__name__ == "ScalarBoolean":  # how ruamel.yaml reads a boolean with an anchor; it is an int
        return bool(node)
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    # JSON has no dates; OpenAPI reads the text as it was written.
    return node.isoformat() if isinstance(node, dt.date) else None if node is None else str(node)


def walk(node: Any, pointer: Pointer = ()) -> Iterator[tuple[Pointer, Any]]:
    """Yield every part of a document, with its pointer."""
    yield pointer, node
    children: Any = ()
    if isinstance(node, dict):
        children = node.items()
    elif isinstance(node, list):
        children = enumerate(node)
    for key, child in children:
        yield from walk(child, (*pointer, key))


def resolve(tree: Any, pointer: Pointer) -> tuple[Pointer, Any]:
    """Follow references, and return the final pointer and its value; in a circle, one of its references."""
    seen: set[Pointer] = set()
    while isinstance(node := at(tree, pointer), dict) and isinstance(node.get("$ref"), str) and pointer not in seen:
        seen.add(pointer)
        pointer = target(node["$ref"])
    return pointer, node


def operations(tree: Any) -> Iterator[Pointer]:
    """Yield the pointer of each operation."""
    for path, item in _items(at(tree, ("paths",))):
        for method, operation in _items(item):
            if method in METHODS and isinstance(operation, dict):
                yield "paths", path, method


def parameters(tree: Any, operation: Pointer) -> Iterator[tuple[Pointer, Any]]:
    """Yield the parameters of an operation, those of its path first, as resolved pointer and node."""
    for pointer in ((*operation[:-1], "parameters"), (*operation, "parameters")):
        yield from (resolve(tree, (*pointer, index)) for index in range(len(at(tree, pointer) or ())))


def _items(node: Any) -> list[tuple[Any, Any]]:
    return list(node.items()) if isinstance(node, dict) else []


def with_since(node: Any) -> Any:
    """Return a copy of a contract with the API version of `x-since` added to each description."""
    if isinstance(node, list):
        return [with_since(child) for child in node]
    if not isinstance(node, dict):
        return node
    copy = {key: with_since(child) for key, child in node.items()}
    if isinstance(copy.get("x-since"), str) and isinstance(copy.get("description"), str):
        copy["description"] = f"{copy['description'].rstrip()} Since API version {copy['x-since']}."
    return copy
