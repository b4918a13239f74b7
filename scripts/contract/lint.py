"""Reports all that is wrong with the contract, each finding with its line. Run by `make check-contract`.

Exit status: 0 no findings, 1 findings, 2 the contract could not be checked.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yamllint.config
import yamllint.linter

from command import ROOT, SPEC, FailureError, name_of, run
from contract import redocly
from contract.checks import problems, statements
from contract.facts import ASPECTS, SOURCES, Part, parts
from contract.keywords import unusable_keywords
from contract.load import Contract, ContractError, Finding, Pointer, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

YAMLLINT = ROOT / "openapi/yamllint.yaml"
# Names that are sent, or become Python names: each kind has its usual form.
CONVENTIONS = {
    "schema": (r"[A-Z][A-Za-z0-9]*", "in CamelCase"),
    "property": (r"[a-z][a-z0-9]*(_[a-z0-9]+)*", "in snake_case"),
    "operation": (r"[a-z][a-z0-9]*(_[a-z0-9]+)*", "in snake_case"),
    "header parameter": (r"[a-z][a-z0-9]*(-[a-z0-9]+)*", "in lower case with hyphens"),
    "path parameter": (r"[a-z][a-z0-9]*(_[a-z0-9]+)*", "in snake_case"),
    "query parameter": (r"[a-z][a-z0-9]*(_[a-z0-9]+)*", "in snake_case"),
}


def main(arguments: list[str] | None = None) -> int:
    """Check the contract, and return the exit status."""
    parser = argparse.ArgumentParser(prog="contract lint", description=__doc__.splitlines()[0])
    parser.add_argument("spec", nargs="?", type=Path, default=SPEC, help="the contract (default: %(default)s)")
    spec = parser.parse_args(arguments).spec.absolute()

    def work() -> int:
        findings = lint(spec, name_of(spec))
        print(*findings, sep="\n", end="\n" if findings else "")
        if findings:
            count = f"{len(findings)} {'finding' if len(findings) == 1 else 'findings'}"
            print(f"{name_of(spec)}: {count}", file=sys.stderr)
        return 1 if findings else 0

    return run("check-contract", work)


def lint(spec: Path, name: str) -> list[Finding]:
    """Return all findings on a contract, by line.

    Raises:
        FailureError: If Redocly CLI is missing or gives no report.
    """
    try:
        contract = parse(spec, name)
    except ContractError as error:
        return error.findings
    return lint_contract(spec, contract)


def lint_contract(spec: Path, contract: Contract) -> list[Finding]:
    """Return all findings on a contract that was parsed, by line.

    Raises:
        FailureError: If Redocly CLI is missing or gives no report.
    """
    name = contract.name
    basic = [finding for check in problems(contract) for finding in check]
    # A finding without a place, such as "cannot be checked", adds nothing to findings with one.
    findings = [finding for finding in basic if finding.where != name]
    # The other checks repeat some of these; one message for a place is enough.
    places = {finding.where for finding in findings}
    findings += [finding for finding in _own_rules(contract) if finding.where not in places]
    lines = {_line(finding) for finding in findings}
    findings += [finding for finding in _redocly(spec, contract, known=findings) if _line(finding) not in lines]
    findings += _yamllint(spec, name)
    return sorted(set(findings or basic), key=lambda finding: (_line(finding), finding.where, finding.message))


def _line(finding: Finding) -> int:
    match = re.match(r".*?:(\d+)", finding.where)
    return int(match[1]) if match else 0


def _redocly(spec: Path, contract: Contract, *, known: list[Finding]) -> Iterator[Finding]:
    finished = redocly.run("lint", spec.name, "--format", "json", "--max-problems", "1000", folder=spec.parent)
    try:
        reported = json.loads(finished.stdout)["problems"]
    except (ValueError, KeyError) as error:
        if known:  # Redocly CLI fails on some of these findings
            return
        output = (finished.stderr or finished.stdout).strip() or f"exit status {finished.returncode}, without output"
        raise FailureError(f"redocly lint gave no report\n{output}") from error
    for problem in reported:
        place = problem["location"][0]
        where = f"{contract.name}:{place['start']['line']}: {place.get('pointer', '#/')}"
        yield Finding(where, f"{problem['message']} ({problem['ruleId']})")


def _yamllint(spec: Path, name: str) -> Iterator[Finding]:
    config = yamllint.config.YamlLintConfig(file=str(YAMLLINT))
    for problem in yamllint.linter.run(spec.read_text(encoding="utf-8"), config, str(spec)):
        yield Finding(f"{name}:{problem.line}:{problem.column}", f"{problem.desc} ({problem.rule})")


def _own_rules(contract: Contract) -> Iterator[Finding]:
    """Check our own rules: descriptions are sentences, every fact has a source, names follow their conventions."""
    for part in parts(contract.tree):
        for steps, message in (*_check_name(part), *(_check_description(part) if isinstance(part.node, dict) else ())):
            yield Finding(contract.where((*part.pointer, *steps)), message)
    yield from unusable_keywords(contract)
    yield from _enums(contract)


def _check_description(part: Part) -> Iterator[tuple[Pointer, str]]:
    """Yield what is wrong with a part's description, sources and API version, and where in it."""
    node, known = part.node, ", ".join(SOURCES)
    if "description" not in node:
        yield (), f"{part.name} has no description"
    elif not str(node["description"]).rstrip().endswith("."):
        yield ("description",), f"the description of {part.name} does not end in a full stop"
    if "x-source" not in node:
        yield (), f"{part.name} has no x-source; give one of {known}"
    for key, value in node.items():
        if not re.fullmatch("x-.*source", str(key)):
            continue
        if key not in ASPECTS:
            yield (key,), f"{key!r} is not one of {', '.join(ASPECTS)}"
        elif value not in SOURCES:
            yield (key,), f"the source {value!r} is not one of {known}"
    # A property that may be null needs a source for that, unless the page shows it as null.
    is_known = {"x-null-source", "x-type-source"} & node.keys() or node.get("x-source") == "inferred"
    if part.kind == "property" and _may_be_null(node) and not is_known:
        yield (), f"{part.name} may be null and has no x-null-source"
    if "x-since" in node and not re.fullmatch(r"\d{4}-\d\d-\d\d", str(node["x-since"])):
        yield ("x-since",), f"x-since is {node['x-since']!r}; it must be an API version such as '2025-08-31'"


def _may_be_null(node: Any) -> bool:
    kinds = [node, *(each for each in node.get("anyOf") or () if isinstance(each, dict))]
    return any("null" in ([kind] if isinstance(kind := each.get("type"), str) else kind or ()) for each in kinds)


def _check_name(part: Part) -> Iterator[tuple[Pointer, str]]:
    kind, name = part.kind, str(part.pointer[-1])
    steps: Pointer = ()
    if kind == "operation":
        name, steps = str(part.node.get("operationId")), ("operationId",)
    elif kind == "parameter":
        kind, name, steps = f"{part.node.get('in')} parameter", str(part.node.get("name")), ("name",)
    pattern, form = CONVENTIONS.get(kind, (".*", ""))
    if not re.fullmatch(pattern, name):
        yield steps, f"the {kind} {name!r} is not {form}"
    if kind == "schema" and (name.endswith("Error") or name in {"Response", "Unset"}):
        yield steps, f"the schema name {name!r} is taken by autoenhance"


def _enums(contract: Contract) -> Iterator[Finding]:
    """Check that enums are open: the service may send and accept unknown values, and the client keeps them."""
    for pointer, node in statements(contract.tree):
        if not isinstance(node.get("enum"), list):
            continue
        where = contract.where((*pointer, "enum"))
        if node.get("x-open-enum") is not True:
            yield Finding(where, "an enum lists only the known values; mark it with x-open-enum: true")
        described = str(node.get("description", ""))
        if "others are possible" not in " ".join(described.lower().split()):
            yield Finding(where, "the description does not say that others are possible")
        odd = [value for value in node["enum"] if not re.match(r"[A-Za-z]", str(value))]
        if odd and "x-enum-varnames" not in node:
            names = "its name in Python would be its position; give names with x-enum-varnames"
            yield Finding(where, f"{odd[0]!r} does not begin with a letter: {names}")
