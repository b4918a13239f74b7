"""Pure: text from elsewhere, as it may go to a terminal."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

# Controls, halves of surrogate pairs, line and paragraph separators, and formats, which turn the direction of text among
# other things.
_HARMFUL: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS: Final = frozenset("\u200c\u200d")
"""Formats that scripts and emoji are written with, and that do nothing but join."""
_LONGEST_SHOWN: Final = 40


def _is_harmful(character: str) -> bool:
    return unicodedata.category(character) in _HARMFUL and character not in _JOINERS


def printable(text: str) -> str:
    r"""The text on one line, with `\x1b` and the like for what a terminal would act on."""
    if text.isprintable():
        return text
    return "".join(repr(character)[1:-1] if _is_harmful(character) else character for character in text)


def truncate(text: str) -> str:
    """The text, or so much of it that one knows which it is."""
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."


def quote(text: str) -> str:
    """Text from a file, in quotes, as it may go to a terminal, and not too long."""
    return f"'{printable(truncate(text))}'"


def option_name(keyword: str) -> str:
    """The option for a keyword of the library."""
    return f"--{keyword.replace('_', '-')}"


def join_or(names: Sequence[str]) -> str:
    """Some names, of which one is enough."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def printable_json(text: str) -> str:
    r"""JSON that means the same, with `\u009b` and the like in the place of what a terminal would act on."""
    kept = frozenset("\t\r\n")  # between tokens; in a string they are no JSON
    return "".join(
        "".join(f"\\u{unit:04x}" for unit in _utf16(character))
        if _is_harmful(character) and character not in kept
        else character
        for character in text
    )


def _utf16(character: str) -> list[int]:
    units = character.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(units[start : start + 2], "big") for start in range(0, len(units), 2)]
