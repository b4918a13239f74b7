"""Writes what `make conformance` found: for a terminal of 80 columns, without colour."""

from __future__ import annotations

import io
import json
import textwrap
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table

from conformance.rules import ADAPTED, ADAPTED_LIVE, ADAPTED_SANDBOX, IDLE, OFF, OFF_LIVE, PHASES
from contract import at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from autoenhance.sandbox._contract import Contract as Checker
    from autoenhance.sandbox._contract import Problem
    from conformance.exchanges import Exchange
    from conformance.schemathesis_run import Finding, Outcome, Service
    from contract import Contract, Pointer

WIDTH = 80
# What a curl line says in place of the sandbox's port, which is another one each time: that of `make sandbox`.
_SANDBOX = "http://127.0.0.1:8000"
_LONGEST_VALUE = 200


def service(contract: Contract, examined: Service, outcome: Outcome) -> str:
    """What came of asking a service."""
    from conformance import schemathesis_run

    where = examined.url if examined.is_live else "the sandbox"
    version = contract.tree["info"]["version"]
    parts = [f"{contract.name} {version} and {where}\n"]
    off = OFF | (OFF_LIVE if examined.is_live else {})
    table = _table("check", "judged", "wrong", "")
    for name in schemathesis_run.checks():
        note = f"off: {off[name]}" if name in off else f"idle: {IDLE[name]}" if name in IDLE else ""
        is_silent = name in off or (name in IDLE and not outcome.failed[name])
        counts = ("", "") if is_silent else (str(outcome.judged[name]), str(outcome.failed[name]))
        table.add_row(name, *counts, note)
    parts.append(_rendered(table))
    sent = ", ".join(f"{outcome.requests[phase]} {phase}" for phase in PHASES)
    statuses = ", ".join(f"{count} x {status}" for status, count in sorted(outcome.responses.items()))
    parts.append(_paragraph("Requests: ", f"{sent}."))
    parts.append(_paragraph("Responses: ", f"{statuses or 'none'}."))
    parts.append("Turned off or adapted (scripts/conformance/rules.py):")
    adapted = ADAPTED | (ADAPTED_LIVE if examined.is_live else ADAPTED_SANDBOX)
    parts += [_paragraph(f"  {what}: ", why) for what, why in adapted.items()]
    findings = list(outcome.findings.values())
    parts += [_finding(number, found, examined) for number, found in enumerate(findings, 1)]
    verdict = _count(len(findings), "mismatch") if findings else "no mismatches"
    if outcome.obstacles:
        parts += [
            "",
            "Not finished:",
            *(f"  {why} ({_count(times, 'time')})" for why, times in outcome.obstacles.items()),
        ]
        verdict = f"{_count(len(findings), 'mismatch')}, and not finished"
    parts.append(f"\n{where}: {verdict}.\n")
    return "\n".join(parts)


def _finding(number: int, found: Finding, examined: Service) -> str:
    request = found.request if examined.is_live else found.request.replace(examined.url, _SANDBOX)
    head = f"{number}. {found.title} ({found.check}), status {found.status}, {_count(found.times, 'time')}"
    message = [f"    {line}".rstrip() for line in found.message.splitlines()]
    # A command is left whole, so that it can be copied.
    return "\n".join(["", _paragraph("", head), *message, f"    {request}"])


def cassettes(contract: Contract, checker: Checker, recorded: Iterable[Exchange]) -> tuple[str, bool]:
    """What came of checking what was recorded, and whether all of it is as the contract says."""
    table = _table("cassette", "request", "status", "recorded from", "conforms")
    details = []
    count = 0
    for exchange in recorded:
        found = {
            "request": exchange.problems_of_request(checker),
            "response": exchange.problems_of_response(checker),
        }
        wrong = [f"{part}: {_count(len(problems), 'mismatch')}" for part, problems in found.items() if problems]
        name = f"{exchange.cassette} {exchange.number}"
        source = exchange.recorded_from.replace("the sandbox of autoenhance-orders", "sandbox").replace("the ", "")
        status = str(exchange.response.status_code)
        table.add_row(name, exchange.line, status, source, "\n".join(wrong) or exchange.agrees)
        for part, problems in found.items():
            details += [_problem(contract, exchange, part, problem) for problem in problems]
            count += len(problems)
    verdict = f"cassettes: {_count(count, 'mismatch') if count else 'no mismatches'}."
    return "\n".join([_rendered(table), *details, verdict]), not count


def _problem(contract: Contract, exchange: Exchange, part: str, problem: Problem) -> str:
    spoken = _spoken(contract, exchange, part, problem)
    where = f"{exchange.cassette}.yaml {exchange.number}, {part}: {spoken['where']}"
    lines = [where, _paragraph("  contract  ", spoken["says"]), _paragraph("  recorded  ", spoken["recorded"])]
    return "\n".join([*lines, ""])


def _spoken(contract: Contract, exchange: Exchange, part: str, problem: Problem) -> Mapping[str, str]:
    operation = ("paths", "/v3/orders/{id}", "patch")
    status = _status(contract, operation, exchange.response.status_code)
    media_type = (exchange.request if part == "request" else exchange.response).content_type
    parent: Pointer = (*operation, "requestBody") if part == "request" else (*operation, "responses", status)
    if problem.rule:
        start = (*parent, "content", media_type.partition(";")[0], "schema")
        if problem.parameter:
            start = _parameter(contract, operation, problem.parameter)
        pointer = _follow(contract, start, problem.rule_path)
        says = f"{_line(contract, pointer)}: {problem.rule}: {_value(problem.expected)}"
        if problem.rule == "anyOf":
            says = f"{_line(contract, pointer)}: {problem.message}"
        body = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in problem.path)
        where = " parameter ".join(problem.parameter) + body if problem.parameter else body or "the body"
        return {"where": where, "says": says, "recorded": _value(problem.value)}
    if problem.kind == "ResponseNotFound":
        responses = (*operation, "responses")
        known = ", ".join(_at(contract, responses))
        says = f"{_line(contract, responses)}: {known}"
        return {"where": "the status", "says": says, "recorded": str(exchange.response.status_code)}
    if "mimetype not found" in problem.message:
        content = (*parent, "content")
        says = f"{_line(contract, content)}: {', '.join(_at(contract, content))}"
        return {"where": "content-type", "says": says, "recorded": media_type or "none"}
    text = (exchange.request.body if part == "request" else exchange.response.data).decode(errors="replace")
    return {"where": problem.kind, "says": problem.message, "recorded": textwrap.shorten(text, _LONGEST_VALUE)}


def _status(contract: Contract, operation: Pointer, status: int) -> str:
    responses = _at(contract, (*operation, "responses"))
    return next((key for key in (str(status), f"{status // 100}XX", "default") if key in responses), str(status))


def _parameter(contract: Contract, operation: Pointer, parameter: tuple[str, str]) -> Pointer:
    """Where a parameter of an operation, or of the path that it belongs to, stands in the document."""
    lists = [(*parent, "parameters") for parent in (operation, operation[:-1])]
    places = [(*each, index) for each in lists for index in range(len(at(contract.tree, each) or ()))]
    resolved = [_follow(contract, place, ("name",))[:-1] for place in places]
    return next(
        place for place in resolved if parameter == (_at(contract, (*place, "in")), _at(contract, (*place, "name")))
    )


def _follow(contract: Contract, start: Pointer, path: Iterable[str | int]) -> Pointer:
    """Where a rule stands in the document: the path goes through references as if they were not there."""
    pointer = start
    for step in path:
        node = _at(contract, pointer)
        while isinstance(node, dict) and "$ref" in node and step not in node:
            pointer = tuple(node["$ref"].removeprefix("#/").split("/"))
            node = _at(contract, pointer)
        pointer = (*pointer, step)
    return pointer


def _at(contract: Contract, pointer: Pointer) -> Any:
    node = contract.tree
    for step in pointer:
        node = node[step]
    return node


def _line(contract: Contract, pointer: Pointer) -> str:
    return contract.where(pointer).partition(": ")[0]


def _value(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _count(number: int, what: str) -> str:
    plural = {"mismatch": "mismatches", "time": "times"}[what]
    return f"{number} {what if number == 1 else plural}"


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        is_number = column in {"status", "judged", "wrong"}
        is_request = column == "request"
        table.add_column(
            column,
            justify="right" if is_number else "left",
            no_wrap=is_request or column in {"cassette", "check", "recorded from"} or is_number,
            overflow="ellipsis" if is_request else "fold",
            max_width=21 if is_request else None,
        )
    return table


def _rendered(table: Table) -> str:
    # Plain text whatever it is written to, so that it looks the same in a terminal, a pipe and a file.
    console = Console(file=io.StringIO(), width=WIDTH, color_system=None, legacy_windows=False)
    console.print(table)
    written = console.file
    assert isinstance(written, io.StringIO)  # noqa: S101  # for the type checker
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines()).strip("\n") + "\n"


def _paragraph(start: str, text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=start, subsequent_indent="    ", break_on_hyphens=False)
