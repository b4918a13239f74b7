"""Says in words which part of the wire a JSON pointer of the canonical document means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contract import at

if TYPE_CHECKING:
    from contract import Pointer
    from review.rules import Direction

_INSIDE_OPERATION = 3  # paths, the path, the method


@dataclass(frozen=True)
class Place:
    """A part of the wire; places of different answers that are otherwise the same can be told together."""

    direction: Direction
    base: str
    """What it belongs to, for example `request body`."""
    answer: str = ""
    """The status, where it belongs to an answer."""
    fields: str = ""

    def told(self, answers: list[str]) -> str:
        """The place in words, for all of these answers."""
        base = self.base
        if self.answer:
            base = f"{'answers' if len(answers) > 1 else 'answer'} {', '.join(answers)}{base}"
        return f"{base}: {self.fields}" if self.fields else base

    @property
    def succeeds(self) -> bool:
        """Whether it belongs to an answer that is a success."""
        return self.answer.startswith("2")


def pointer(text: str, document: Any) -> Pointer:
    """A pointer as it is written, with numbers where the document has lists."""
    parts: list[str | int] = []
    node = document
    for raw in text.removeprefix("#").split("/")[1:]:
        part: str | int = raw.replace("~1", "/").replace("~0", "~")
        if isinstance(node, list):
            part = int(part)
        parts.append(part)
        try:
            node = node[part]
        except (KeyError, IndexError, TypeError):
            node = None
    return tuple(parts)


def place(here: Pointer, document: Any) -> Place:
    """The part of the wire that the pointer means."""
    if here[:1] != ("paths",) or len(here) <= _INSIDE_OPERATION:
        return Place("both", _outside(here))
    inside = here[_INSIDE_OPERATION:]
    if inside[0] == "requestBody":
        return Place("request", f"request body{_media_type(inside[1:])}", fields=_fields(inside))
    if inside[0] == "responses" and len(inside) > 1:
        if inside[2:3] == ("headers",):
            name = f" header `{inside[3]}`" if len(inside) > len(("responses", "200", "headers")) else " headers"
            return Place("answer", name, str(inside[1]))
        return Place("answer", _media_type(inside[2:]), str(inside[1]), _fields(inside))
    if inside[0] == "parameters" and len(inside) > 1:
        parameter = at(document, here[: _INSIDE_OPERATION + 2]) or {}
        return Place("request", f"{parameter.get('in')} parameter `{parameter.get('name')}`", fields=_fields(inside))
    return Place("both", str(inside[0]))


def _outside(at: Pointer) -> str:
    words: dict[tuple[str | int, ...], str] = {("paths",): "operation", ("components",): "security"}
    return words.get(at[:1], str(at[0]) if at else "document")


def _media_type(inside: Pointer) -> str:
    """The media type in brackets, unless it is the one that everybody expects."""
    if inside[:1] == ("content",) and len(inside) > 1 and inside[1] != "application/json":
        return f" ({inside[1]})"
    return ""


def _fields(inside: Pointer) -> str:
    if "schema" not in inside:
        return ""
    parts = list(inside[inside.index("schema") + 1 :])
    text = ""
    while parts:
        part = parts.pop(0)
        if part == "properties" and parts:
            text += f".{parts.pop(0)}"
        elif part == "items":
            text += "[]"
        elif part == "additionalProperties":
            text += ".*"
        elif part in {"anyOf", "oneOf", "allOf"}:
            text += f"({part}{f' {parts.pop(0)}' if parts else ''})"
        else:
            break
    return f"`{text.lstrip('.')}`" if text else ""
