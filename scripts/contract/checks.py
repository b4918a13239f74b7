"""Checks that code can be generated from a contract: JSON values, resolvable references, OpenAPI 3.1, and our own rules."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from contract.load import (
    Contract,
    ContractError,
    Finding,
    Pointer,
    at,
    operations,
    parameters,
    parse,
    target,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def read(path: Path, name: str) -> Contract:
    """Read a contract, and check that code can be generated from it.

    Raises:
        ContractError: If it is not YAML, not OpenAPI, or breaks a rule of ours.
    """
    contract = parse(path, name)
    for findings in problems(contract):
        if findings:
            raise ContractError(findings)
    return contract


def problems(contract: Contract) -> Iterator[list[Finding]]:
    """Yield the findings of each check; a finding of one check may make a later one fail."""
    from referencing.exceptions import Unresolvable  # slow to import, and not needed to report invalid YAML

    for check in _CHECKS:
        try:
            findings = list(check(contract))
        except (Unresolvable, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            findings = [Finding(contract.name, f"cannot be checked ({type(error).__name__}: {error})")]
        yield findings


def is_data(pointer: Pointer) -> bool:
    """Return whether a pointer is inside an example, whose keys mean nothing to OpenAPI."""
    for index, part in enumerate(pointer):
        if index and pointer[index - 1] == "properties":
            continue
        if part == "example" or (part == "examples" and isinstance(next(iter(pointer[index + 1 :]), ""), int)):
            return True
        if part == "value" and "examples" in pointer[index - 2 : index - 1]:
            return True
    return False


def statements(tree: Any) -> Iterator[tuple[Pointer, dict[str, Any]]]:
    """Yield every mapping that means something to OpenAPI, which those in examples do not."""
    return ((pointer, node) for pointer, node in walk(tree) if isinstance(node, dict) and not is_data(pointer))


def _not_json(contract: Contract) -> Iterator[Finding]:
    for pointer, node in walk(contract.tree):
        if isinstance(node, dict):
            for key in node:
                if not isinstance(key, str):
                    yield Finding(contract.where((*pointer, key)), f"the key {key!r} is not a string; quote it")
        elif isinstance(node, float) and not math.isfinite(node):
            yield Finding(contract.where(pointer), f"{node} is not a JSON number")
        elif not isinstance(node, str | int | float | bool | list | None):
            yield Finding(contract.where(pointer), f"YAML reads {node} as a {type(node).__name__}; quote it")
        elif isinstance(node, str) and re.search("[\ud800-\udfff]", node):
            yield Finding(contract.where(pointer), "contains half of a surrogate pair; write the character itself")


def _dangling_references(contract: Contract) -> Iterator[Finding]:
    for pointer, node in statements(contract.tree):
        if "$ref" not in node:
            continue
        here, reference = contract.where((*pointer, "$ref")), node["$ref"]
        if not isinstance(reference, str) or not reference.startswith("#/"):
            yield Finding(here, f"the reference {reference!r} does not point into this document (#/...)")
        elif at(contract.tree, target(reference)) is None:
            yield Finding(here, f"the reference {reference!r} has no target")
        elif _is_circular(contract.tree, pointer):
            yield Finding(here, f"the reference {reference!r} refers to itself and nothing else")


def _is_circular(tree: Any, start: Pointer) -> bool:
    """Return whether a reference leads to itself through references, `allOf`, `anyOf` and `oneOf` alone."""
    pending, seen = [start], set()
    while pending:
        pointer = pending.pop()
        node = at(tree, pointer)
        if not isinstance(node, dict):
            continue
        inner: list[Pointer] = [
            (*pointer, key, index)
            for key in ("allOf", "anyOf", "oneOf")
            if isinstance(node.get(key), list)
            for index in range(len(node[key]))
        ]
        if isinstance(node.get("$ref"), str):
            inner.append(target(node["$ref"]))
        if start in inner:
            return True
        pending += [each for each in inner if each not in seen]
        seen.update(inner)
    return False


def _not_openapi(contract: Contract) -> Iterator[Finding]:
    # Imported here because they are slow to import, and not needed to report invalid YAML.
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match
    from openapi_spec_validator import OpenAPIV31SpecValidator
    from openapi_spec_validator.schemas import schema_v31

    version = contract.tree.get("openapi")
    if not isinstance(version, str) or not version.startswith("3.1."):
        yield Finding(contract.where(("openapi",)), f"the version must be OpenAPI 3.1, not {version!r}")
        return
    document = contract.plain()
    # OpenAPI's schema does not check the schemas in a document; the metaschema of JSON Schema does.
    parts: list[tuple[Pointer, Draft202012Validator, Any]] = [((), Draft202012Validator(dict(schema_v31)), document)]
    metaschema = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    parts += [(pointer, metaschema, node) for pointer, node in walk(document) if _is_schema(pointer)]
    is_valid = True
    for pointer, validator, node in parts:
        for error in validator.iter_errors(node):
            is_valid = False
            best = best_match([error]) or error
            # An error of oneOf or anyOf only says that no branch matches; the errors of the branches say why.
            why = "; ".join(sorted({branch.message for branch in best.context or []}))
            message = f"{best.message} ({why})" if why else best.message
            yield Finding(contract.where((*pointer, *best.absolute_path)), message)
    if is_valid:
        for error in OpenAPIV31SpecValidator(document).iter_errors():
            pointer = tuple(error.absolute_path)
            # Some errors come without a path; they do not belong to the first line.
            known = pointer and at(document, pointer) is not None
            yield Finding(contract.where(pointer) if known else contract.name, error.message)


def _is_schema(pointer: Pointer) -> bool:
    """Return whether a pointer is that of a schema: of a component, a parameter or a media type."""
    is_component = pointer[:2] == ("components", "schemas") and len(pointer) == len(("components", "schemas", "name"))
    is_inline = pointer[-1:] == ("schema",) and pointer[0] == "paths"
    return (is_component or is_inline) and not is_data(pointer)


def _against_our_rules(contract: Contract) -> Iterator[Finding]:
    yield from _unusable_operations(contract)
    for pointer, node in statements(contract.tree):
        pattern = node.get("pattern")
        if isinstance(pattern, str) and "pattern" not in pointer[-1:]:
            try:
                re.compile(pattern)
            except re.error as error:
                where = contract.where((*pointer, "pattern"))
                yield Finding(where, f"the pattern {pattern!r} is not a regular expression: {error}")
        yield from _unusable_schemas(contract, pointer, node)
        values = node.get("enum")
        if not isinstance(values, list):
            continue
        if "type" not in node:
            yield Finding(contract.where(pointer), "an enum needs a `type`")
        for index, value in enumerate(values):
            here = contract.where((*pointer, "enum", index))
            if value in values[:index]:
                yield Finding(here, f"duplicate enum value {value!r}")
            if isinstance(value, str) and re.search(r'["\\\x00-\x1f\x7f\x85\u2028\u2029]', value):
                yield Finding(
                    here,
                    f"the generator cannot write the value {value!r}: it contains a quote, backslash or control character",
                )


# The other attributes of a generated model, and the variables of its methods.
_MODEL_NAMES = frozenset({
    *("additional_keys", "additional_properties", "to_dict", "from_dict", "to_multipart"),
    *("d", "field_dict", "src_dict", "prop", "prop_dict", "prop_name"),
})  # fmt: skip


def _unusable_schemas(contract: Contract, pointer: Pointer, node: Any) -> Iterator[Finding]:
    """Yield what the generator would turn into a wrong model."""
    if pointer[-1:] == ("properties",):
        for name in _MODEL_NAMES & set(node):
            yield Finding(
                contract.where((*pointer, name)),
                f"the property name {name!r} is taken: every generated model has it already",
            )
        return
    if "const" in node:
        yield Finding(
            contract.where((*pointer, "const")), "a const can never get another value; use an enum with one value"
        )
    for index, part in enumerate(node["allOf"] if isinstance(node.get("allOf"), list) else ()):
        if isinstance(part, dict) and part.get("type", "object") != "object":
            where = contract.where((*pointer, "allOf", index))
            yield Finding(
                where, f"the generator supports allOf for objects only, not for {part['type']}; write it without allOf"
            )


def _unusable_operations(contract: Contract) -> Iterator[Finding]:
    """Yield operations that nothing can be generated from, though OpenAPI allows them or reports them without a place."""
    if not contract.tree.get("paths"):
        yield Finding(contract.where(("paths",)), "the contract has no paths")
    for here in operations(contract.tree):
        if not at(contract.tree, (*here, "responses")):
            yield Finding(contract.where(here), "the operation has no responses")
        known = [node for _, node in parameters(contract.tree, here) if isinstance(node, dict)]
        in_path = {str(node.get("name")) for node in known if node.get("in") == "path"}
        for name in sorted(set(re.findall(r"{(.*?)}", str(here[1]))) ^ in_path):
            where = contract.where((*here, "parameters"))
            yield Finding(where, f"the path parameter {name!r} must be both in the path and in the parameters")


_CHECKS: tuple[Callable[[Contract], Iterator[Finding]], ...] = (
    _not_json,
    _dangling_references,
    _not_openapi,
    _against_our_rules,
)
