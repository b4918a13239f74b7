"""Reads the bytes of an OpenAPI document, JSON or YAML, and finds things in it by pointer and by reference."""

from __future__ import annotations

import codecs
import datetime as dt
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarbool import ScalarBoolean

from contract import Contract, Pointer, show

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_YAML_BYTES: Final = 5 * 2**20  # a few seconds for each megabyte
_MOST_NODES: Final = 5_000_000
_LONGEST_CHAIN: Final = 100
_READ: Final = re.compile(r"3\.[01](\.|$)")


class UpstreamError(Exception):
    """The service's document cannot be compared; the message says what is wrong and where."""


@dataclass(frozen=True)
class Document:
    """A document that was read, as plain JSON values, and how a place in it is shown."""

    name: str
    tree: Any
    openapi: str
    where: Callable[[Pointer], str]

    @property
    def is_3_0(self) -> bool:
        """Whether it is OpenAPI 3.0, where what stands beside a `$ref` counts for nothing."""
        return self.openapi.startswith("3.0")

    def at(self, pointer: Pointer) -> Any:
        """What stands at a pointer."""
        node = self.tree
        for part in pointer:
            node = node[part]
        return node

    def mapping(self, pointer: Pointer) -> dict[str, Any]:
        """The mapping at a pointer.

        Raises:
            UpstreamError: If something else stands there.
        """
        node = self.at(pointer)
        if not isinstance(node, dict):
            raise self.problem(pointer, "is not a mapping")
        return node

    def sequence(self, pointer: Pointer) -> list[Any]:
        """The list at a pointer.

        Raises:
            UpstreamError: If something else stands there.
        """
        node = self.at(pointer)
        if not isinstance(node, list):
            raise self.problem(pointer, "is not a list")
        return node

    def problem(self, pointer: Pointer, message: str) -> UpstreamError:
        """An error that names the place."""
        return UpstreamError(f"{self.name}: {self.where(pointer)} {message}")

    def follow(self, pointer: Pointer) -> Pointer:
        """Where a chain of references ends; what is no reference is its own end.

        Raises:
            UpstreamError: If a reference leads to nothing, out of the document, in a circle or too far.
        """
        end = pointer
        for _ in range(_LONGEST_CHAIN):
            node = self.at(end)
            if not (isinstance(node, dict) and isinstance(node.get("$ref"), str)):
                return end
            end = self.target(end)
        raise self.problem(pointer, f"is in a circle, or a chain, of more than {_LONGEST_CHAIN} references")

    def target(self, pointer: Pointer) -> Pointer:
        """Where the reference at a pointer leads to."""
        reference: str = self.at(pointer)["$ref"]
        if reference != "#" and not reference.startswith("#/"):
            raise self.problem(
                pointer, f"refers to {reference!r}, which is not a place in the same document; bundle it first"
            )
        found: list[str | int] = []
        node = self.tree
        for raw in unquote(reference).split("/")[1:]:
            part: str | int = raw.replace("~1", "/").replace("~0", "~")
            if isinstance(node, list) and str(part).isdecimal() and int(part) < len(node):
                part = int(part)
            elif not (isinstance(node, dict) and part in node):
                raise self.problem(pointer, f"refers to {reference!r}, where there is nothing")
            found.append(part)
            node = node[part]
        return tuple(found)


def ours(contract: Contract) -> Document:
    """Our contract, to be read like theirs."""
    return Document(contract.name, contract.plain(), str(contract.tree.get("openapi")), contract.where)


def parse(name: str, content: bytes) -> Document:
    """Read a document of OpenAPI 3.0 or 3.1.

    Raises:
        UpstreamError: If it is something else.
    """
    try:
        text = content.decode(
            "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
        )
    except UnicodeDecodeError:
        raise UpstreamError(f"{name}: is not text in UTF-8") from None
    if text.lstrip().startswith("<"):
        raise UpstreamError(
            f"{name}: is a web page or XML, not an OpenAPI document; give the address of the JSON or YAML"
        )
    try:
        read = _parse(name, text)
        tree, size = _plain(read, {})
    except RecursionError:
        raise UpstreamError(f"{name}: is nested too deeply") from None
    if size > _MOST_NODES:
        raise UpstreamError(f"{name}: its aliases unpack to more than {_MOST_NODES} values")
    if not isinstance(tree, dict):
        raise UpstreamError(f"{name}: is not an OpenAPI document: the top level is not a mapping")
    version = str(tree.get("openapi", ""))
    if not _READ.match(version):
        found = f"Swagger {tree['swagger']}" if "swagger" in tree else f"OpenAPI {version}" if version else ""
        found = found or "not an OpenAPI document: it has no `openapi` at its top"
        raise UpstreamError(f"{name}: is {found}; OpenAPI 3.0 and 3.1 can be compared")
    return Document(name, tree, version, lambda pointer: _where(read, pointer))


def _parse(name: str, text: str) -> Any:
    failure = ""
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            failure = f"line {error.lineno}, column {error.colno}: is not JSON: {error.msg}"
        except ValueError as error:
            failure = f"is not JSON: {error}"
    if len(text) > _MOST_YAML_BYTES:
        failure = failure or f"is longer than {_MOST_YAML_BYTES // 2**20} MB of YAML; JSON may be longer"
        raise UpstreamError(f"{name}: {failure}")
    yaml = YAML(typ="rt")
    yaml.allow_duplicate_keys = True
    try:
        return yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        what = ", ".join(part for part in (error.problem, error.context) if part)
        raise UpstreamError(f"{name}: {failure or f'{where}is not YAML: {what}'}") from None
    except (YAMLError, ValueError, LookupError, TypeError, AttributeError) as error:
        what = " ".join(str(error).split())
        raise UpstreamError(f"{name}: {failure or f'is not YAML: {what}'}") from None


def _plain(node: Any, done: dict[int, tuple[Any, int]]) -> tuple[Any, int]:
    """A node as plain JSON, and how many values it has, those of an alias counted each time; an alias stays one object."""
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
    if isinstance(node, ScalarBoolean):
        return bool(node)
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    # JSON has no dates: to OpenAPI this is the text that it was.
    return node.isoformat() if isinstance(node, dt.date) else None if node is None else str(node)


def _where(tree: Any, pointer: Pointer) -> str:
    """The pointer, and in YAML the line."""
    node, line = tree, 0
    for part in pointer:
        key = part if isinstance(node, list) else next((key for key in node if str(key) == part), None)
        marks = getattr(node, "lc", None)
        # JSON has none, nor what came by a merge key: the line before is the nearest that is known.
        with suppress(AttributeError, KeyError, TypeError):
            line = (marks.item(key) if isinstance(node, list) else marks.key(key))[0] + 1  # type: ignore[union-attr]
        node = node[key]
    return show(pointer) + (f" (line {line})" if line else "")
