"""Reads the contract and says what is wrong with it, and where: file, line and JSON pointer."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

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
    for check in (_not_json, _dangling_references, _not_openapi, _against_our_rules):
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


def _walk(node: Any, pointer: Pointer = ()) -> Iterator[tuple[Pointer, Any]]:
    yield pointer, node
    children: Any = ()
    if isinstance(node, dict):
        children = node.items()
    elif isinstance(node, list):
        children = enumerate(node)
    for key, child in children:
        yield from _walk(child, (*pointer, key))


def _is_data(pointer: Pointer) -> bool:
    """Whether the pointer lies in an example, whose keys mean nothing to OpenAPI."""
    for index, part in enumerate(pointer):
        if index and pointer[index - 1] == "properties":
            continue
        if part == "example" or (part == "examples" and isinstance(next(iter(pointer[index + 1 :]), ""), int)):
            return True
        if part == "value" and "examples" in pointer[index - 2 : index - 1]:
            return True
    return False


def _not_json(contract: Contract) -> Iterator[Finding]:
    for pointer, node in _walk(contract.tree):
        if isinstance(node, dict):
            for key in node:
                if not isinstance(key, str):
                    yield Finding(contract.where((*pointer, key)), f"the key {key!r} is not a string; quote it")
        elif isinstance(node, float) and not math.isfinite(node):
            yield Finding(contract.where(pointer), f"{node} is not a JSON number")
        elif not isinstance(node, str | int | float | bool | list | None):
            yield Finding(contract.where(pointer), f"{node} is a {type(node).__name__} to YAML; quote it")


def _dangling_references(contract: Contract) -> Iterator[Finding]:
    for pointer, node in _walk(contract.tree):
        if not pointer or pointer[-1] != "$ref" or _is_data(pointer):
            continue
        here = contract.where(pointer)
        if not isinstance(node, str) or not node.startswith("#/"):
            yield Finding(here, f"the reference {node!r} does not point into this document (#/...)")
        elif not _resolves(contract.tree, node):
            yield Finding(here, f"the reference {node!r} points to nothing")
        elif _leads_back(contract.tree, pointer[:-1]):
            yield Finding(here, f"the reference {node!r} leads back to itself without saying anything")


def _leads_back(tree: Any, start: Pointer) -> bool:
    """Whether what holds at a reference is, by references and `allOf` and its like alone, that reference again."""
    pending, seen = [start], set()
    while pending:
        pointer = pending.pop()
        node = _at(tree, pointer)
        if not isinstance(node, dict):
            continue
        inner: list[Pointer] = [
            (*pointer, key, index)
            for key in ("allOf", "anyOf", "oneOf")
            if isinstance(node.get(key), list)
            for index in range(len(node[key]))
        ]
        if isinstance(node.get("$ref"), str) and _resolves(tree, node["$ref"]):
            inner.append(_parts(node["$ref"]))
        if start in inner or any(start[: len(each)] == each and _only_joins(start[len(each) :]) for each in inner):
            return True
        pending += [each for each in inner if each not in seen]
        seen.update(inner)
    return False


def _only_joins(parts: Pointer) -> bool:
    return all(part in {"allOf", "anyOf", "oneOf"} or isinstance(part, int) for part in parts)


def _parts(reference: str) -> Pointer:
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in reference[2:].split("/"))


def _at(tree: Any, pointer: Pointer) -> Any:
    for part in pointer:
        try:
            tree = tree[part]
        except (KeyError, IndexError, TypeError):
            return None
    return tree


def _resolves(tree: Any, reference: str) -> bool:
    for part in _parts(reference):
        if isinstance(tree, dict) and part in tree:
            tree = tree[part]
        elif isinstance(tree, list) and str(part).isdecimal() and int(part) < len(tree):
            tree = tree[int(part)]
        else:
            return False
    return True


def _not_openapi(contract: Contract) -> Iterator[Finding]:
    # Imported here because they are slow, and not needed to say that the YAML is broken.
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match
    from openapi_spec_validator import OpenAPIV31SpecValidator
    from openapi_spec_validator.schemas import schema_v31

    version = contract.tree.get("openapi")
    if not isinstance(version, str) or not version.startswith("3.1."):
        yield Finding(contract.where(("openapi",)), f"the contract is OpenAPI 3.1, not {version!r}")
        return
    document = contract.plain()
    # OpenAPI's own schema leaves the schemas in a document to JSON Schema's.
    parts: list[tuple[Pointer, Draft202012Validator, Any]] = [((), Draft202012Validator(dict(schema_v31)), document)]
    metaschema = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    parts += [(pointer, metaschema, node) for pointer, node in _walk(document) if _is_schema(pointer)]
    found = False
    for pointer, validator, node in parts:
        for error in validator.iter_errors(node):
            found = True
            best = best_match([error]) or error
            # An error of oneOf or anyOf says only that no branch fits; what is wrong with each says why.
            why = "; ".join(sorted({branch.message for branch in best.context or []}))
            message = f"{best.message} ({why})" if why else best.message
            yield Finding(contract.where((*pointer, *best.absolute_path)), message)
    if not found:
        for error in OpenAPIV31SpecValidator(document).iter_errors():
            pointer = tuple(error.absolute_path)
            # It tells some errors without their place, which is not the first line.
            known = pointer and _at(document, pointer) is not None
            yield Finding(contract.where(pointer) if known else contract.name, error.message)


def _is_schema(pointer: Pointer) -> bool:
    """Whether a schema begins here: one of the components, or the `schema` of a parameter or media type."""
    is_component = pointer[:2] == ("components", "schemas") and len(pointer) == len(("components", "schemas", "name"))
    is_inline = pointer[-1:] == ("schema",) and pointer[0] == "paths"
    return (is_component or is_inline) and not _is_data(pointer)


def _against_our_rules(contract: Contract) -> Iterator[Finding]:
    yield from _unusable_operations(contract)
    for pointer, node in _walk(contract.tree):
        if not isinstance(node, dict) or _is_data(pointer):
            continue
        pattern = node.get("pattern")
        if isinstance(pattern, str) and "pattern" not in pointer[-1:]:
            try:
                re.compile(pattern)
            except re.error as error:
                where = contract.where((*pointer, "pattern"))
                yield Finding(where, f"the pattern {pattern!r} is no regular expression: {error}")
        values = node.get("enum")
        if not isinstance(values, list):
            continue
        if "type" not in node:
            yield Finding(contract.where(pointer), "an enum needs a `type` beside it")
        for index, value in enumerate(values):
            if value in values[:index]:
                yield Finding(
                    contract.where((*pointer, "enum", index)), f"the value {value!r} stands in the enum twice"
                )


def _unusable_operations(contract: Contract) -> Iterator[Finding]:
    """What OpenAPI allows, or forbids without saying where, and nothing can be generated from."""
    paths = contract.tree.get("paths")
    if not isinstance(paths, dict) or not paths:
        yield Finding(contract.where(("paths",)), "there are no paths")
        return
    for path, item in paths.items():
        for method, operation in item.items() if isinstance(item, dict) else ():
            if method not in _METHODS or not isinstance(operation, dict):
                continue
            here: Pointer = ("paths", path, method)
            if not operation.get("responses"):
                yield Finding(contract.where(here), "the operation has no responses")
            given = [*(item.get("parameters") or ()), *(operation.get("parameters") or ())]
            known = [_at(contract.tree, _parts(each["$ref"])) if "$ref" in each else each for each in given]
            named = [(each.get("in"), each.get("name")) for each in known if isinstance(each, dict)]
            in_path = {name for where, name in named if where == "path"}
            for name in sorted(set(re.findall(r"{(.*?)}", str(path))) ^ {str(name) for name in in_path}):
                where = contract.where((*here, "parameters"))
                yield Finding(where, f"the path and the parameters do not agree on {name!r}")


_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(key): _plain(child) for key, child in node.items()}
    if isinstance(node, list):
        return [_plain(child) for child in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node
