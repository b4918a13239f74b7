"""Compares what our client sends: where to, with which key, parameters and body."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from review.upstream.fields import Fields
from review.upstream.keywords import At
from review.upstream.operation import PATH
from review.upstream.rules import SENT_ANYWAY

if TYPE_CHECKING:
    from contract import Pointer
    from review.upstream.document import Document
    from review.upstream.keywords import Schema
    from review.upstream.operation import Operation
    from review.upstream.report import Report

_STYLES = {"query": "form", "path": "simple", "header": "simple", "cookie": "form"}


def compare_request(report: Report, ours: Operation, theirs: Operation) -> None:
    """Compare all that is sent."""
    _compare_address(report, ours, theirs)
    _compare_security(report, ours, theirs)
    marks = [one.document.mapping(one.pointer).get("deprecated") is True for one in (ours, theirs)]
    if marks[0] != marks[1]:
        who = "Theirs" if marks[1] else "Ours"
        kind: Any = "only theirs" if marks[1] else "only ours"
        report.add(kind, "operation", f"{who} marks it as deprecated.", "deprecated", (ours.pointer, theirs.pointer))
    for key in sorted(ours.parameters.keys() | theirs.parameters.keys()):
        _compare_parameter(report, key, ours, theirs)
    _compare_body(report, ours, theirs)


def _compare_address(report: Report, ours: Operation, theirs: Operation) -> None:
    if not ours.addresses & theirs.addresses:
        sentence = f"Ours is at {_readable(ours.addresses)}, theirs at {_readable(theirs.addresses)}."
        report.add("disagree", "address", sentence, "address: path", (ours.pointer, theirs.pointer))
    if ours.hosts and theirs.hosts and not ours.hosts & theirs.hosts:
        sentence = f"Our host is {', '.join(sorted(ours.hosts))}, theirs {', '.join(sorted(theirs.hosts))}."
        report.add("disagree", "address", sentence, "address: host", (ours.pointer, theirs.pointer))


def _readable(addresses: frozenset[str]) -> str:
    return ", ".join(sorted(address.replace("{}", "{id}") for address in addresses))


def _compare_security(report: Report, ours: Operation, theirs: Operation) -> None:
    if ours.security == theirs.security:
        return
    places = ours.security_pointer, theirs.security_pointer
    if not theirs.security:
        report.add(
            "only ours",
            "security",
            f"Ours asks for {_credentials(ours)}; theirs for nothing.",
            "security: none",
            places,
        )
        return
    sentence = f"Ours asks for {_credentials(ours)}, theirs for {_credentials(theirs)}."
    # Enough is what asks for nothing more than one of ours sends.
    enough = any(one <= our for one in theirs.security for our in ours.security or {frozenset[str]()})
    kind: Any = "only theirs" if enough and ours.security < theirs.security else "disagree"
    report.add(kind, "security", sentence, "security: more than ours" if enough else "security: not ours", places)


def _credentials(operation: Operation) -> str:
    alternatives = sorted(" and ".join(sorted(one)) or "nothing" for one in operation.security)
    return " or ".join(alternatives) or "nothing"


def _compare_parameter(report: Report, key: tuple[str, str], ours: Operation, theirs: Operation) -> None:
    our, their = ours.parameters.get(key), theirs.parameters.get(key)
    where, name = key
    if our is not None and their is not None:
        name = str(ours.document.mapping(our).get("name"))
        what = f"{where} parameter {name}"
        more = theirs.document.mapping(their).get("required") is True
        if more != (ours.document.mapping(our).get("required") is True) and where != "path":
            sentence = f"{'Theirs' if more else 'Ours'} requires it, {'ours' if more else 'theirs'} does not."
            rule = "parameter: more required" if more else "parameter: less required"
            report.add("disagree", what, sentence, rule, (our, their))
        one, other = _style(ours.document, our, where), _style(theirs.document, their, where)
        if one != other:
            sentence = f"Ours is written in the style {one}, theirs in {other}."
            report.add("disagree", what, sentence, "parameter: another style", (our, their))
        if _is_deprecated(ours.document, our) != _is_deprecated(theirs.document, their):
            theirs_is = _is_deprecated(theirs.document, their)
            kind: Any = "only theirs" if theirs_is else "only ours"
            report.add(
                kind, what, f"{'Theirs' if theirs_is else 'Ours'} marks it as deprecated.", "deprecated", (our, their)
            )
        schemas = _schema(ours.document, our), _schema(theirs.document, their)
        if schemas[0] is not None and schemas[1] is not None:
            Fields(report, what, "request").compare(schemas[0], schemas[1])
    elif their is not None:
        name = str(theirs.document.mapping(their).get("name"))
        required = theirs.document.mapping(their).get("required") is True
        rule = "parameter: theirs, required" if required else "parameter: theirs, optional"
        sent = SENT_ANYWAY | {one.rpartition(" ")[2] for alternative in ours.security for one in alternative}
        if (where == "path" and name in PATH) or (where == "header" and name.lower() in sent):
            rule = "parameter: theirs, sent anyway"
        sentence = f"Theirs has this {'required ' if required else ''}parameter; ours lacks it."
        report.add("only theirs", f"{where} parameter {name}", sentence, rule, (None, their))
    elif our is not None:
        name = str(ours.document.mapping(our).get("name"))
        rule = {"header": "parameter: our header", "path": "parameter: our path"}.get(where, "parameter: ours")
        report.add(
            "only ours", f"{where} parameter {name}", "Ours has this parameter; theirs lacks it.", rule, (our, None)
        )


def _is_deprecated(document: Document, pointer: Pointer) -> bool:
    return document.mapping(pointer).get("deprecated") is True


def _style(document: Document, pointer: Pointer, where: str) -> str:
    """How a parameter is written: by a style, or as a media type."""
    parameter = document.mapping(pointer)
    content = parameter.get("content")
    if isinstance(content, dict) and content:
        return str(next(iter(content)))
    return str(parameter.get("style") or _STYLES.get(where))


def _schema(document: Document, pointer: Pointer) -> Schema | None:
    parameter = document.mapping(pointer)
    if "schema" in parameter:
        return At((*pointer, "schema"))
    content = parameter.get("content")
    if isinstance(content, dict) and content:
        return schema_of(document, (*pointer, "content", next(iter(content))))
    return None


def schema_of(document: Document, media: Pointer) -> Schema | None:
    """The schema of a media type, if it has one."""
    return At((*media, "schema")) if "schema" in document.mapping(media) else None


def _compare_body(report: Report, ours: Operation, theirs: Operation) -> None:
    what = "request body"
    our, their = ours.body, theirs.body
    if our is not None and their is None:
        report.add("only ours", what, "Ours has a body; theirs lacks it.", "request: body, ours", (our, theirs.pointer))
    elif our is None and their is not None:
        required = theirs.document.mapping(their).get("required") is True
        rule = "request: field, theirs, required" if required else "request: field, theirs"
        report.add("only theirs", what, "Theirs has a body; ours lacks it.", rule, (ours.pointer, their))
    elif our is not None and their is not None:
        demanded = [
            one.document.mapping(place).get("required") is True for one, place in ((ours, our), (theirs, their))
        ]
        if demanded[0] != demanded[1]:
            sentence = f"{'Theirs' if demanded[1] else 'Ours'} requires the body, {'ours' if demanded[1] else 'theirs'} does not."
            rule = "request: body, required" if demanded[1] else "request: body, optional"
            report.add("disagree", what, sentence, rule, (our, their))
        _compare_media(report, (ours.document, our), (theirs.document, their))


def _compare_media(report: Report, ours: tuple[Document, Pointer], theirs: tuple[Document, Pointer]) -> None:
    our_types, their_types = media_types(*ours), media_types(*theirs)
    matched = set()
    for name, place in our_types.items():
        match = next((one for one in their_types if one == name), None)
        match = match or next((one for one in their_types if fnmatchcase(name, one)), None)
        if match is None:
            sentence = f"Ours is sent as {name}; theirs is {', '.join(their_types) or 'without a media type'}."
            report.add("only ours", "request body", sentence, "request: media type, ours", (place, theirs[1]))
            continue
        matched.add(match)
        schemas = schema_of(ours[0], place), schema_of(theirs[0], their_types[match])
        if schemas[0] is not None and schemas[1] is not None:
            Fields(report, "request body", "request").compare(schemas[0], schemas[1])
    for name in their_types.keys() - matched:
        sentence = f"Theirs may also be sent as {name}."
        report.add("only theirs", "request body", sentence, "request: media type, theirs", (None, their_types[name]))


def media_types(document: Document, pointer: Pointer) -> dict[str, Pointer]:
    """Where each media type of a body stands, by its name without parameters."""
    if "content" not in document.mapping(pointer):
        return {}
    names = document.mapping((*pointer, "content"))
    return {name.partition(";")[0].strip().lower(): (*pointer, "content", name) for name in sorted(names)}
