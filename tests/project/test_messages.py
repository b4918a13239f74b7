"""Error messages are one line, lower case, no final period, nothing internal, and the field's words."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from message_rules import VALUE, broken_rules

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


def template(node: ast.expr) -> str:
    """The text of a literal, with a mark for each value in it."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else VALUE for part in parts)
        case ast.BinOp(left=left, right=right):
            return template(left) + template(right)
    return ""


def messages() -> Iterator[tuple[str, str, str]]:
    """Each message and hint of an exception that the package raises: where, which of the two, and the text."""
    for path in sorted(ROOT.glob("autoenhance/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute) or not node.args:
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if not name.endswith("Error"):
                continue
            where = f"{path.relative_to(ROOT)}:{node.lineno}"
            yield where, "message", template(node.args[0])
            if name == "CommandError" and len(node.args) > 1:
                yield where, "hint", template(node.args[1])


MESSAGES = [message for message in messages() if message[2].strip(VALUE)]


def test_messages_follow_the_rules() -> None:
    """Messages of exceptions and hints of the command."""
    assert len(MESSAGES) > 100
    assert [f"{where}: {rule}: {text!r}" for where, kind, text in MESSAGES for rule in broken_rules(kind, text)] == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("message", "The order was not found"),
        ("message", "order not found."),
        ("message", "order not found\ntry again"),
        ("message", "this should not happen"),
        ("message", "please give an id"),
        ("message", "the service did not answer, nobody answered"),
        ("hint", "give an id"),
    ],
)
def test_broken_rules_are_found(kind: str, text: str) -> None:
    """The check sees each kind of mistake."""
    assert broken_rules(kind, text)
