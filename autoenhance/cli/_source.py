"""Read the bytes of a file, and decode them. Only Unicode is recognized; any other encoding must be given."""

from __future__ import annotations

import codecs
import re
import sys
from typing import TYPE_CHECKING, Final

from autoenhance.cli._error_messages import CommandError, reason_of
from autoenhance.cli._text import quote

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_BYTES: Final = 2**28
"""The largest file that is read; it is read into memory whole."""
_GIVE_TABLE: Final = "Give a workbook, a CSV or a JSON Lines file, or - for standard input."
_SAVE: Final = 'In the spreadsheet program, save the sheet as a workbook (.xlsx) or as "CSV UTF-8".'
_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0"
_GZIP: Final = b"\x1f\x8b"
_BOMS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_ENCODING_NAMES: Final = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}


def source_name(source: str) -> str:
    """Return the name of FILE in messages."""
    return "standard input" if source == "-" else source


def is_workbook(data: bytes) -> bool:
    """Return whether these are the first bytes of a workbook, and not of text."""
    return data.startswith((_ZIP, _OLE))


def read_bytes(source: str) -> bytes:
    """Read a file, or standard input if it is "-".

    Raises:
        CommandError: If it cannot be read, or is compressed or too large.
    """
    name = source_name(source)
    try:
        if source == "-":
            if sys.stdin is None:
                raise CommandError("standard input is closed", _GIVE_TABLE)
            buffer = getattr(sys.stdin, "buffer", None)
            data = buffer.read(MAX_BYTES + 1) if buffer else sys.stdin.read().encode()
        else:
            with open(source, "rb") as file:  # noqa: PTH123  # /dev/fd/63 must be opened as it is
                data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError for a path with a NUL
        raise CommandError(f"{name!r} cannot be read: {reason_of(error)}", _GIVE_TABLE) from None
    if len(data) > MAX_BYTES:
        raise CommandError(f"{name} has more than {MAX_BYTES // 2**20} MiB", "Split it into several files.")
    if data.startswith(_GZIP):
        raise CommandError(f"{name} is compressed", "Decompress it first, such as with gunzip.")
    return data


def decode(data: bytes, name: str, encoding: str | None, confirm: Callable[[str], bool]) -> tuple[str, str]:
    """Decode a file, and return the text and the display name of its encoding.

    Args:
        data: The bytes of the file.
        name: The name of the file in messages.
        encoding: The encoding; None to recognize UTF-8 and UTF-16.
        confirm: Asks a yes/no question on the terminal; False if there is no terminal.

    Raises:
        CommandError: If the encoding is unknown, or does not decode the bytes.
    """
    codec = encoding or _unicode_codec(data)
    try:
        text = data.decode(codec)
    except LookupError:
        hint = "Give one that Python knows, such as cp1252, mac_roman or utf-16."
        raise CommandError(f"--encoding {quote(codec)} is unknown", hint) from None
    except UnicodeError as error:
        start = error.start if isinstance(error, UnicodeDecodeError) else 0
        if codec != "utf-8" or encoding:
            problem = f"the text is not {_ENCODING_NAMES.get(codec, codec)} on line {_line_number(data[:start])}"
            raise CommandError(f"{name}: {problem}; it is damaged, or in another encoding", _SAVE) from None
        text, codec = _decode_windows(data, name, start, confirm), "Windows-1252"
    if "\0" in text:
        line = _line_number(text.partition("\0")[0].encode(errors="replace"))
        raise CommandError(f"{name}: NUL character on line {line}; the file is damaged, or not text", _SAVE)
    return text.removeprefix("\ufeff"), _ENCODING_NAMES.get(codec, codec)


def _unicode_codec(data: bytes) -> str:
    for bom, codec in _BOMS:
        if data.startswith(bom):
            return codec
    # A table begins with ASCII characters, which have a NUL byte in UTF-16, and in no other encoding.
    low, high = data[0:4:2], data[1:4:2]
    if high == b"\0\0" and b"\0" not in low:
        return "utf-16-le"
    return "utf-16-be" if low == b"\0\0" and b"\0" not in high else "utf-8"


def _decode_windows(data: bytes, name: str, start: int, confirm: Callable[[str], bool]) -> str:
    """Decode the text as Windows-1252, if the user confirms it."""
    if b"\0" in data:
        raise CommandError(f"{name} is not text", _GIVE_TABLE)
    byte = f"byte 0x{data[start]:02x} on line {_line_number(data[:start])}"
    if any(map(_is_utf8, filter(lambda line: not line.isascii(), data.splitlines()))):
        # As Windows-1252, each of the UTF-8 letters would become two or three wrong ones. Two letters of Windows-1252 may
        # happen to be one of UTF-8, but hardly ever all letters of a line.
        raise CommandError(f"{name}: {byte} is not UTF-8, but other lines of the file are", f"Correct it. {_SAVE}")
    text = data.decode("cp1252", "replace")
    cell = next(cell for cell in re.split(r"[\r\n,;\t|\"]", text) if not cell.isascii()).strip()
    problem = f"{name} is not UTF-8 ({byte}); decoded as Windows-1252 it has {quote(cell)}"
    if "\ufffd" not in text and confirm(f"{problem}. Is that right?"):
        return text
    raise CommandError(problem, f"If that is right, give --encoding cp1252; else name its encoding. {_SAVE}")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _line_number(before: bytes) -> int:
    """Return the number of the line that these bytes end in, in any encoding."""
    return len(re.findall(rb"\r\n?|\n", before.replace(b"\0", b""))) + 1
