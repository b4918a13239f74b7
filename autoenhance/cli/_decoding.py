"""Bytes become text: which encoding a file has, and its lines, of which no more than a buffer is ever in memory."""

from __future__ import annotations

import codecs
import io
import os
import stat
import sys
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from autoenhance.cli._problems import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST_ROW: Final = 2**20
"""More characters of one row are not taken into memory."""
_BLOCK: Final = 2**18
_SAVE: Final = 'In the spreadsheet program, save the sheet as "CSV UTF-8".'
_GIVE: Final = "Give a CSV or JSON Lines file, or - for standard input."
_ROOM: Final = "Make room there, or set TMPDIR to a folder that has some."
# How files begin that people take for text, or pack text into.
_NO_TEXT: Final = (
    (b"PK\x03\x04", "is a workbook or a zip archive, not CSV", _SAVE),
    (b"\xd0\xcf\x11\xe0", "is a workbook of an old Excel, not CSV", _SAVE),
    (b"\x1f\x8b", "is compressed", "Unpack it first: gzip -cd FILE | autoenhance edit-orders -"),
)


class _Encoding(NamedTuple):
    shown: str
    codec: str


_UTF8: Final = _Encoding("UTF-8", "utf-8")
_UTF8_MARKED: Final = _Encoding("UTF-8", "utf-8-sig")
_WINDOWS: Final = _Encoding("Windows-1252", "cp1252")


class TooLongError(Exception):
    """A row has too many characters."""


class Lines:
    """The lines of a text, to be gone through once, each with its line end: CR, LF, CRLF or none."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.number = 0
        """How many were taken."""
        self._lines = iter(lines)
        self._room = LONGEST_ROW

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.number += 1
            self._room -= len(line)
            if self._room <= 0:
                raise TooLongError
            yield line

    def begin_row(self) -> None:
        """Let the lines that come next be those of another row."""
        self._room = LONGEST_ROW


@dataclass(frozen=True, slots=True)
class Text:
    """A file as text."""

    encoding: str
    """Its name, for people."""
    lines: Lines


class _Bad(NamedTuple):
    line: int
    byte: str
    what: str


def name_of(source: str) -> str:
    """What FILE is called where people read of it."""
    return "standard input" if source == "-" else source


def no_room(error: Exception) -> CommandError:
    """What is said when a temporary file takes no more."""
    reason = getattr(error, "strerror", None) or error
    return CommandError(f"The rows cannot be kept in a temporary file: {reason}.", _ROOM)


def _unreadable(name: str, error: Exception) -> CommandError:
    reason = getattr(error, "strerror", None) or error
    return CommandError(f"The file {name!r} cannot be read: {reason}.", _GIVE)


@contextmanager
def open_text(source: str) -> Iterator[Text]:
    """Open a file, or standard input if it is "-", and find out its encoding.

    Raises:
        CommandError: If it cannot be read, or is no text. The with block raises it too, while it reads the lines.
    """
    name = name_of(source)
    try:
        with _open(source) as file:
            encoding = _find_encoding(file, name)
            file.seek(0)
            with io.TextIOWrapper(file, encoding=encoding.codec, newline="") as text:
                yield Text(encoding.shown, Lines(iter(lambda: text.readline(LONGEST_ROW), "")))
    except UnicodeDecodeError:
        # All of it was read once before.
        raise CommandError(f"{name} changed while it was read.", "Try again when nothing writes to it.") from None
    except OSError as error:
        raise _unreadable(name, error) from None


def _open(source: str) -> IO[bytes]:
    """A file that can be read twice."""
    if source == "-":
        if sys.stdin is None:
            raise CommandError("Standard input is closed.", _GIVE)
        return _spool(sys.stdin.buffer)
    try:
        file = open(source, "rb")  # noqa: PTH123, SIM115  # /dev/fd/63 must be opened as it is; the caller closes it
    except ValueError as error:  # a path with a NUL
        raise _unreadable(source, error) from None
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    with file:
        return _spool(file)


def _spool(stream: IO[bytes]) -> IO[bytes]:
    try:
        spool = tempfile.TemporaryFile()  # noqa: SIM115  # the caller closes it
    except OSError as error:
        raise no_room(error) from None
    try:
        while block := stream.read(_BLOCK):
            try:
                spool.write(block)
                # So that what does not fit is not found out elsewhere.
                spool.flush()
            except OSError as error:
                raise no_room(error) from None
    except BaseException:
        with suppress(OSError):  # what did not fit does not fit now either
            spool.close()
        raise
    return spool


def _find_encoding(file: IO[bytes], name: str) -> _Encoding:
    head = file.read(_BLOCK)
    for start, what, hint in _NO_TEXT:
        if head.startswith(start):
            raise CommandError(f"{name} {what}.", hint)
    encoding = _by_first_bytes(head)
    bad = _first_bad(file, encoding)
    if bad and bad.byte and encoding is _UTF8:
        if b"\0" in head:
            raise CommandError(f"{name} is not text.", _GIVE)
        # A text in Windows-1252 has hardly ever, by chance, what is a letter in UTF-8: an accented capital and a sign
        # behind it, as in CAFÉ®. So where UTF-8 has letters, the file is UTF-8 and broken, or has both; read as
        # Windows-1252 each of these letters would be two or three wrong ones, and nobody would see it before the
        # orders have such names. An error costs a look at one line.
        if _has_letters_of_utf8(file):
            what = f"The byte {bad.byte} is no UTF-8, but other letters of the file are."
            raise CommandError(f"{name}:{bad.line}: {what}", f"Correct that line. {_SAVE}")
        encoding = _WINDOWS
        bad = _first_bad(file, encoding)
    if bad:
        raise CommandError(f"{name}:{bad.line}: {bad.what}", _SAVE)
    return encoding


def _by_first_bytes(head: bytes) -> _Encoding:
    if head.startswith(codecs.BOM_UTF8):
        return _UTF8_MARKED
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _Encoding("UTF-16", "utf-16")
    # A table begins with characters of ASCII, whose other byte is NUL; in other encodings no text has one.
    low, high = head[0:4:2], head[1:4:2]
    if high == b"\0\0" and b"\0" not in low:
        return _Encoding("UTF-16", "utf-16-le")
    if low == b"\0\0" and b"\0" not in high:
        return _Encoding("UTF-16", "utf-16-be")
    return _UTF8


def _first_bad(file: IO[bytes], encoding: _Encoding) -> _Bad | None:
    """The first thing that is no text in this encoding; None if all is."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding.codec)()
    newlines = io.IncrementalNewlineDecoder(None, translate=True)
    line, byte, what = 1, "", ""
    for block in chain(iter(lambda: file.read(_BLOCK), b""), [b""]):
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            text = error.object[: error.start].decode(error.encoding)
            byte = f"0x{error.object[error.start]:02x}"
            what = f"The text is no {encoding.shown} here: it is damaged, or breaks off."
            if encoding is _WINDOWS:
                what = f"The byte {byte} is neither UTF-8 nor Windows-1252."
        if "\0" in text:
            # A disk that lost something leaves these; no spreadsheet has them.
            text, byte, what = text.partition("\0")[0], "", "There is a NUL, which no text has."
        # Whether a CR is a line end of its own is known when the next character is.
        line += newlines.decode(text, final=bool(what)).count("\n")
        if what:
            return _Bad(line, byte, what)
    return None


def _has_letters_of_utf8(file: IO[bytes]) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    return any(not decoder.decode(block).isascii() for block in iter(lambda: file.read(_BLOCK), b""))
