"""Changes of the Python API, and what a changed type means for code that was written for the old one; no I/O."""

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
    """One change of the Python API: of what can be imported, called or read."""

    name: str
    sentence: str
    breaking: bool = field(default=True, kw_only=True)
    because: str

    @property
    def impact(self) -> Impact:
        """The version bump of the package that it needs."""
        return "major" if self.breaking else "minor"


def changed_type(name: str, subject: str, old: Any, new: Any, *, written: bool) -> Iterator[PythonChange]:
    """Yield how a type changed: arguments may become wider (`written`), results narrower."""
    before, after = union(str(old)), union(str(new))
    removed, added = [part for part in before if part not in after], [part for part in after if part not in before]
    if removed and added:
        sentence = f"{subject} was `{old}` and is `{new}`."
        yield PythonChange(name, sentence, "Code that is typed for the old type is wrong now.")
    elif removed:
        because = "A value that was valid is invalid now." if written else "Code that handles more types still works."
        yield PythonChange(name, f"{subject} is no longer {names(removed)}.", because, breaking=written)
    elif added:
        because = "Values that were valid still are." if written else "Code may get a type that it does not expect."
        yield PythonChange(name, f"{subject} may also be {names(added)}.", because, breaking=not written)


def union(annotation: str) -> list[str]:
    """Return the members of a union, split at its outermost `|`s; for `Response[a | b]` those inside."""
    # A quoted name is the same type.
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
    """Split a text at separators outside brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "[(") - (character in "])")
        if character == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]
