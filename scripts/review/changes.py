"""What changes in Python, and what a changed annotation means for code that was typed for the old one; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from contract_diff.changes import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract_diff import Impact


@dataclass(frozen=True)
class PythonChange:
    """One change of what can be imported, called or read in Python."""

    name: str
    sentence: str
    breaking: bool = field(default=True, kw_only=True)
    because: str

    @property
    def impact(self) -> Impact:
        """The bump of the package that follows."""
        return "major" if self.breaking else "minor"


def changed_type(name: str, told: str, old: Any, new: Any, *, written: bool) -> Iterator[PythonChange]:
    """How one type differs from another: what is written may become wider, what is read narrower."""
    was, is_now = union(str(old)), union(str(new))
    gone, come = [part for part in was if part not in is_now], [part for part in is_now if part not in was]
    if gone and come:
        sentence = f"{told} was `{old}` and is `{new}`."
        yield PythonChange(name, sentence, "Code that was typed for the old type is wrong.")
    elif gone:
        because = (
            "A value that was right is wrong now." if written else "Code that was right for more is right for less."
        )
        yield PythonChange(name, f"{told} is no longer {names(gone)}.", because, breaking=written)
    elif come:
        because = "What was right before still is." if written else "Code meets a type that it did not expect."
        yield PythonChange(name, f"{told} may also be {names(come)}.", because, breaking=not written)


def union(annotation: str) -> list[str]:
    """The members of a union, the outermost `|`s only; of `Response[a | b]` those inside, because it only holds one."""
    # A name in quotes is the same type.
    if "Literal" not in annotation:
        annotation = annotation.replace('"', "").replace("'", "")
    if match := re.fullmatch(r"(?:typing\.)?Optional\[(.*)\]", annotation):
        return [*union(match[1]), "None"]
    if match := re.fullmatch(r"(?:typing\.)?Union\[(.*)\]", annotation):
        return [part for member in _split(match[1], ",") for part in union(member)]
    if match := re.fullmatch(r"(?:typing\.)?Required\[(.*)\]", annotation):
        return union(match[1])
    if match := re.fullmatch(r"Response\[(.*)\](.*)", annotation):
        annotation = match[1] + match[2]
    return [literal for part in _split(annotation, "|") for literal in _literals(part)]


def _literals(part: str) -> list[str]:
    match = re.fullmatch(r"(?:typing\.)?Literal\[(.*)\]", part)
    return [f"Literal[{value}]" for value in _split(match[1], ",")] if match else [part]


def _split(text: str, separator: str) -> list[str]:
    """The parts between separators that stand in no brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "[(") - (character in "])")
        if character == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]
