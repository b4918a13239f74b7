"""Formats the results of `make conformance` for a terminal of 80 columns, without colour."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table

from conformance.rules import ADAPTED, ADAPTED_LIVE, ADAPTED_SANDBOX, IDLE, OFF, OFF_LIVE, PHASES
from contract import at, operations, parameters, resolve, show

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autoenhance.sandbox._contract import Contract as Checker
    from autoenhance.sandbox._contract import Problem
    from conformance.exchanges import Exchange
    from conformance.schemathesis_run import Finding, Outcome, Service
    from contract import Contract, Pointer

WIDTH = 80
# Replaces the sandbox's URL, whose port differs each time, in curl lines; it is the default of `make sandbox`.
_SANDBOX = "http://127.0.0.1:8000"
_MAX_VALUE_LENGTH = 200


def service(contract: Contract, examined: Service, outcome: Outcome) -> str:
    """Return the report on a service."""
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
    parts += [_finding(number, finding, examined) for number, finding in enumerate(findings, 1)]
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


def _finding(number: int, finding: Finding, examined: Service) -> str:
    request = finding.request if examined.is_live else finding.request.replace(examined.url, _SANDBOX)
    head = f"{number}. {finding.title} ({finding.check}), status {finding.status}, {_count(finding.times, 'time')}"
    message = [f"    {line}".rstrip() for line in finding.message.splitlines()]
    # The command is not wrapped, so that it can be copied.
    return "\n".join(["", _paragraph("", head), *message, f"    {request}"])


def cassettes(contract: Contract, checker: Checker, recorded: Iterable[Exchange]) -> tuple[str, bool]:
    """Return the report on the cassettes, and whether all of them conform to the contract."""
    table = _table("cassette", "request", "status", "recorded from", "conforms")
    details = []
    count = 0
    for exchange in recorded:
        problems_by_part = {
            "request": exchange.problems_of_request(checker),
            "response": exchange.problems_of_response(checker),
        }
        wrong = [
            f"{part}: {_count(len(problems), 'mismatch')}" for part, problems in problems_by_part.items() if problems
        ]
        name = f"{exchange.cassette} {exchange.number}"
        source = exchange.recorded_from.replace("the sandbox of autoenhance-orders", "sandbox").replace("the ", "")
        status = str(exchange.response.status_code)
        table.add_row(name, exchange.line, status, source, "\n".join(wrong) or exchange.agrees)
        for part, problems in problems_by_part.items():
            details += [_problem(contract, exchange, part, problem) for problem in problems]
            count += len(problems)
    verdict = f"cassettes: {_count(count, 'mismatch') if count else 'no mismatches'}."
    return "\n".join([_rendered(table), *details, verdict]), not count


def _problem(contract: Contract, exchange: Exchange, part: str, problem: Problem) -> str:
    where, expected, recorded = _explain(contract, exchange, part, problem)
    lines = [_paragraph("  contract  ", expected), _paragraph("  recorded  ", recorded)]
    return "\n".join([f"{exchange.cassette}.yaml {exchange.number}, {part}: {where}", *lines, ""])


def _explain(contract: Contract, exchange: Exchange, part: str, problem: Problem) -> tuple[str, str, str]:
    """Return the place of a problem, what the contract expects there with its line, and what was recorded."""
    tree = contract.tree
    operation = next(operations(tree))
    message = exchange.request if part == "request" else exchange.response
    responses: Pointer = (*operation, "responses")
    parent = (*operation, "requestBody") if part == "request" else (*responses, _status(tree, responses, exchange))
    if problem.rule:
        start: Pointer = (*parent, "content", message.content_type.partition(";")[0], "schema")
        if problem.parameter:
            known = parameters(tree, operation)
            start = next(pointer for pointer, node in known if (node["in"], node["name"]) == problem.parameter)
        expected = problem.message if problem.rule == "anyOf" else f"{problem.rule}: {_value(problem.expected)}"
        expected = f"{_line(contract, _follow(tree, start, problem.rule_path))}: {expected}"
        body = show(problem.path).removeprefix("#")
        where = " parameter ".join(problem.parameter) + body if problem.parameter else body or "the body"
        return where, expected, _value(problem.value)
    if problem.kind == "ResponseNotFound":
        expected = f"{_line(contract, responses)}: {', '.join(at(tree, responses))}"
        return "the status", expected, str(exchange.response.status_code)
    if "mimetype not found" in problem.message:
        content = (*parent, "content")
        expected = f"{_line(contract, content)}: {', '.join(at(tree, content))}"
        return "content-type", expected, message.content_type or "none"
    data = exchange.request.body if part == "request" else exchange.response.data
    return problem.kind, problem.message, textwrap.shorten(data.decode(errors="replace"), _MAX_VALUE_LENGTH)


def _status(tree: Any, responses: Pointer, exchange: Exchange) -> str:
    status = exchange.response.status_code
    known = at(tree, responses)
    return next((key for key in (str(status), f"{status // 100}XX", "default") if key in known), str(status))


def _follow(tree: Any, pointer: Pointer, path: Iterable[str | int]) -> Pointer:
    """Return the pointer of a rule in the document, following the references that `path` leaves out."""
    for step in path:
        if step not in at(tree, pointer):
            pointer, _ = resolve(tree, pointer)
        pointer = (*pointer, step)
    return pointer


def _line(contract: Contract, pointer: Pointer) -> str:
    return contract.where(pointer).partition(": ")[0]


def _value(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _MAX_VALUE_LENGTH else text[: _MAX_VALUE_LENGTH - 1] + "…"


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
    # Plain text, so that it looks the same in a terminal, a pipe and a file.
    console = Console(width=WIDTH, color_system=None, legacy_windows=False)
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().splitlines()).strip("\n") + "\n"


def _paragraph(start: str, text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=start, subsequent_indent="    ", break_on_hyphens=False)
