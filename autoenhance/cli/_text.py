"""Pure: untrusted text made safe for a terminal."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

# Control characters, surrogates, line and paragraph separators, and format characters, some of which change the direction
# of text.
_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS: Final = frozenset("\u200c\u200d")
"""Format characters that are harmless, and part of some scripts and of emoji."""
_MAX_SHOWN_LENGTH: Final = 40


def _is_unsafe(character: str) -> bool:
    return unicodedata.category(character) in _UNSAFE and character not in _JOINERS


def printable(text: str) -> str:
    r"""Return the text on one line, with characters that a terminal would act on escaped, such as `\x1b`."""
    if text.isprintable():
        return text
    return "".join(repr(character)[1:-1] if _is_unsafe(character) else character for character in text)


def truncate(text: str) -> str:
    """Return the text, shortened if it is long."""
    return text if len(text) <= _MAX_SHOWN_LENGTH else text[:_MAX_SHOWN_LENGTH] + "..."


def quote(text: str) -> str:
    """Return text from a file in quotes, escaped, and shortened if it is long."""
    return f"'{printable(truncate(text))}'"


def option_name(keyword: str) -> str:
    """Return the option for a keyword of the library."""
    return f"--{keyword.replace('_', '-')}"


def join_or(names: Sequence[str]) -> str:
    """Join names with commas and "or"."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def printable_json(text: str) -> str:
    r"""Return equivalent JSON, with characters that a terminal would act on escaped, such as `\u009b`."""
    kept = frozenset("\t\r\n")  # whitespace between tokens; JSON strings cannot contain them
    return "".join(
        "".join(f"\\u{unit:04x}" for unit in _utf16(character))
        if _is_unsafe(character) and character not in kept
        else character
        for character in text
    )


def _utf16(character: str) -> list[int]:
    units = character.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(units[start : start + 2], "big") for start in range(0, len(units), 2)]
