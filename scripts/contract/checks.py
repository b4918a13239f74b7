"""What a contract must be so that it can be generated from: JSON, whole, OpenAPI 3.1, and within a few rules of ours."""

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
    for check in _CHECKS:
        try:
            findings = list(check(contract))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            findings = [Finding(contract.name, f"cannot be checked ({type(error).__name__}: {error})")]
        yield findings


def is_data(pointer: Pointer) -> bool:
    """Whether the pointer lies in an example, whose keys mean nothing to OpenAPI."""
    for index, part in enumerate(pointer):
        if index and pointer[index - 1] == "properties":
            continue
        if part == "example" or (part == "examples" and isinstance(next(iter(pointer[index + 1 :]), ""), int)):
            return True
        if part == "value" and "examples" in pointer[index - 2 : index - 1]:
            return True
    return False


def statements(tree: Any) -> Iterator[tuple[Pointer, dict[str, Any]]]:
    """Every mapping that means something to OpenAPI: those in examples do not."""
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
            yield Finding(contract.where(pointer), f"{node} is a {type(node).__name__} to YAML; quote it")
        elif isinstance(node, str) and re.search("[\ud800-\udfff]", node):
            yield Finding(contract.where(pointer), "has half of a surrogate pair; write the character itself")


def _dangling_references(contract: Contract) -> Iterator[Finding]:
    for pointer, node in statements(contract.tree):
        if "$ref" not in node:
            continue
        here, reference = contract.where((*pointer, "$ref")), node["$ref"]
        if not isinstance(reference, str) or not reference.startswith("#/"):
            yield Finding(here, f"the reference {reference!r} does not point into this document (#/...)")
        elif at(contract.tree, target(reference)) is None:
            yield Finding(here, f"the reference {reference!r} points to nothing")
        elif _leads_back(contract.tree, pointer):
            yield Finding(here, f"the reference {reference!r} leads back to itself without saying anything")


def _leads_back(tree: Any, start: Pointer) -> bool:
    """Whether what holds at a reference is, by references and `allOf` and its like alone, that reference again."""
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
    parts += [(pointer, metaschema, node) for pointer, node in walk(document) if _is_schema(pointer)]
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
            known = pointer and at(document, pointer) is not None
            yield Finding(contract.where(pointer) if known else contract.name, error.message)


def _is_schema(pointer: Pointer) -> bool:
    """Whether a schema begins here: one of the components, or the `schema` of a parameter or media type."""
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
                yield Finding(where, f"the pattern {pattern!r} is no regular expression: {error}")
        yield from _unusable_schemas(contract, pointer, node)
        values = node.get("enum")
        if not isinstance(values, list):
            continue
        if "type" not in node:
            yield Finding(contract.where(pointer), "an enum needs a `type` beside it")
        for index, value in enumerate(values):
            here = contract.where((*pointer, "enum", index))
            if value in values[:index]:
                yield Finding(here, f"duplicate enum value {value!r}")
            if isinstance(value, str) and re.search(r'["\\\x00-\x1f\x7f\x85\u2028\u2029]', value):
                yield Finding(here, f"the generator changes the value {value!r}: it has a quote, backslash or control")


# What a generated model has beside its fields, and the variables of its methods.
_OF_MODELS = frozenset({
    *("additional_keys", "additional_properties", "to_dict", "from_dict", "to_multipart"),
    *("d", "field_dict", "src_dict", "prop", "prop_dict", "prop_name"),
})  # fmt: skip


def _unusable_schemas(contract: Contract, pointer: Pointer, node: Any) -> Iterator[Finding]:
    """What the generator makes a model of that is not what the contract says."""
    if pointer[-1:] == ("properties",):
        for name in _OF_MODELS & set(node):
            yield Finding(contract.where((*pointer, name)), f"{name} is what each generated model has already")
        return
    if "const" in node:
        yield Finding(contract.where((*pointer, "const")), "a const takes no other value ever; make it an enum of one")
    for index, part in enumerate(node["allOf"] if isinstance(node.get("allOf"), list) else ()):
        if isinstance(part, dict) and part.get("type", "object") != "object":
            where = contract.where((*pointer, "allOf", index))
            yield Finding(where, f"the generator takes allOf for objects, not for {part['type']}; say it without allOf")


def _unusable_operations(contract: Contract) -> Iterator[Finding]:
    """What OpenAPI allows, or forbids without saying where, and nothing can be generated from."""
    if not contract.tree.get("paths"):
        yield Finding(contract.where(("paths",)), "there are no paths")
    for here in operations(contract.tree):
        if not at(contract.tree, (*here, "responses")):
            yield Finding(contract.where(here), "the operation has no responses")
        known = [node for _, node in parameters(contract.tree, here) if isinstance(node, dict)]
        in_path = {str(node.get("name")) for node in known if node.get("in") == "path"}
        for name in sorted(set(re.findall(r"{(.*?)}", str(here[1]))) ^ in_path):
            where = contract.where((*here, "parameters"))
            yield Finding(where, f"the path and the parameters do not agree on {name!r}")


_CHECKS: tuple[Callable[[Contract], Iterator[Finding]], ...] = (
    _not_json,
    _dangling_references,
    _not_openapi,
    _against_our_rules,
)
