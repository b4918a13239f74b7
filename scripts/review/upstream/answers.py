"""Compares what our client is sent: statuses, headers, media types and bodies."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from review.upstream.fields import Fields
from review.upstream.request import media_types, schema_of

if TYPE_CHECKING:
    from contract import Pointer
    from review.upstream.operation import Operation
    from review.upstream.report import Direction, Report

_JSON: Final = "application/json"


def compare_answers(report: Report, ours: Operation, theirs: Operation) -> None:
    """Compare all that may be answered, status by status."""
    # What our client reads a success as that our contract does not list.
    success = next((status for status in ours.responses if status.startswith("2")), None)
    for status in sorted(ours.responses.keys() | theirs.responses.keys()):
        our, their = _covering(status, ours.responses), _covering(status, theirs.responses)
        what = f"answer {status}"
        direction = _direction(status)
        if status not in ours.responses:
            place = theirs.responses[status]
            if our is None:
                _add_theirs(report, theirs, status, read_as_order=success is not None)
                our = ours.responses.get(success or "") if direction == "answer" else None
            if our is not None:
                _compare_answer(report, what, direction, (ours, our), (theirs, place))
        elif their is None:
            parts = [other for other in theirs.responses if _is_part(other, status)]
            sentence = f"theirs lists only {', '.join(parts)} of it" if parts else "theirs does not"
            rule = "answer: status, ours" if direction == "answer" else "error: status"
            report.add("only ours", what, f"Ours lists this status; {sentence}.", rule, (ours.responses[status], None))
        else:
            _compare_answer(report, what, direction, (ours, ours.responses[status]), (theirs, their))


def _direction(status: str) -> Direction:
    return "answer" if status.startswith("2") else "error"


def _is_part(status: str, of: str) -> bool:
    return of.endswith("XX") and status != of and status.startswith(of[0]) and status != "default"


def _covering(status: str, responses: dict[str, Pointer]) -> Pointer | None:
    """The response that a status gets: its own, that of its range, or the default."""
    return responses.get(status) or responses.get(f"{status[0]}XX") or responses.get("default")


def _add_theirs(report: Report, theirs: Operation, status: str, *, read_as_order: bool) -> None:
    place = theirs.responses[status]
    if status.startswith("3"):
        rule = "answer: status, redirect"
    elif status.startswith("2"):
        # Without a body it is no order; that a body's shape is another is told field by field.
        rule = (
            "answer: status, theirs"
            if read_as_order and media_types(theirs.document, place)
            else "answer: status, theirs, no order"
        )
    else:
        rule = "error: status"
    report.add("only theirs", f"answer {status}", "Theirs lists this status; ours does not.", rule, (None, place))


def _compare_answer(
    report: Report, what: str, direction: Direction, ours: tuple[Operation, Pointer], theirs: tuple[Operation, Pointer]
) -> None:
    our_types = media_types(ours[0].document, ours[1])
    their_types = media_types(theirs[0].document, theirs[1])
    _compare_headers(report, what, direction, ours, theirs)
    our_json, their_json = _json_of(our_types), _json_of(their_types)

    def rule(name: str) -> str:
        return f"answer: {name}" if direction == "answer" else "error: body"

    if our_json is not None and not their_types:
        sentence = "Ours has a body; theirs declares none."
        report.add("only ours", what, sentence, rule("no body"), (our_types[our_json], theirs[1]))
    elif our_json is not None and their_json is None:
        sentence = f"Ours is {our_json}; theirs is {', '.join(their_types)}."
        report.add("disagree", what, sentence, rule("media type, no JSON"), (our_types[our_json], theirs[1]))
    elif our_json is not None and their_json is not None:
        if our_json != their_json and not fnmatchcase(our_json, their_json):
            sentence = f"Ours is labelled {our_json}, theirs {their_json}."
            places = our_types[our_json], their_types[their_json]
            report.add("disagree", what, sentence, rule("media type, another JSON"), places)
        one = schema_of(ours[0].document, our_types[our_json])
        other = schema_of(theirs[0].document, their_types[their_json])
        if one is not None and other is not None:
            Fields(report, what, direction).compare(one, other)
    for name in sorted(their_types.keys() - our_types.keys() - {their_json}):
        if their_json is not None:
            sentence = f"Theirs may also be {name}."
            report.add("only theirs", what, sentence, rule("media type, theirs"), (None, their_types[name]))
    for name in sorted(our_types.keys() - their_types.keys() - {our_json}):
        sentence = f"Ours may also be {name}."
        report.add("only ours", what, sentence, rule("media type, theirs"), (our_types[name], None))


def _json_of(types: dict[str, Pointer]) -> str | None:
    """The media type by which JSON comes: as such, as one of its kin, or by a range that takes it in."""
    if _JSON in types:
        return _JSON
    return next((name for name in types if name.endswith(("+json", "/json")) or fnmatchcase(_JSON, name)), None)


def _compare_headers(
    report: Report, what: str, direction: Direction, ours: tuple[Operation, Pointer], theirs: tuple[Operation, Pointer]
) -> None:
    one, other = _headers(*ours), _headers(*theirs)
    rule = "answer: header" if direction == "answer" else "error: body"
    for name in sorted(one.keys() | other.keys()):
        if name not in one:
            report.add(
                "only theirs",
                f"{what}: header {name}",
                "Theirs has this header; ours lacks it.",
                rule,
                (None, other[name]),
            )
        elif name not in other:
            report.add(
                "only ours", f"{what}: header {name}", "Ours has this header; theirs lacks it.", rule, (one[name], None)
            )


def _headers(operation: Operation, pointer: Pointer) -> dict[str, Pointer]:
    document = operation.document
    if "headers" not in document.mapping(pointer):
        return {}
    names = document.mapping((*pointer, "headers"))
    return {
        name.lower(): document.follow((*pointer, "headers", name)) for name in names if name.lower() != "content-type"
    }
