"""A file is read in the encoding that it has, line by line, or it is said why not."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
import tempfile
import tracemalloc
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from autoenhance.cli._decoding import LONGEST_ROW, Lines, TooLongError, name_of, no_room, open_text
from autoenhance.cli._problems import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BLOCK = 2**18
"""So many bytes are looked at at a time."""
GIVE = "Give a CSV or JSON Lines file, or - for standard input."
SAVE = 'In the spreadsheet program, save the sheet as "CSV UTF-8".'


def read(source: object) -> tuple[str, list[str]]:
    with open_text(str(source)) as text:
        return text.encoding, list(text.lines)


def refusal(source: object) -> tuple[str, str]:
    """What is said about a file that cannot be read."""
    with pytest.raises(CommandError) as raised:
        read(source)
    assert raised.value.exit_status == 2
    return str(raised.value), raised.value.hint


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], Path]:
    """Makes a file with this in it."""

    def make(content: bytes) -> Path:
        path = tmp_path / "orders.csv"
        path.write_bytes(content)
        return path

    return make


@pytest.mark.parametrize(
    ("content", "encoding", "lines"),
    [
        # Excel, "CSV UTF-8", where lists have semicolons: a mark, and CRLF.
        (
            b"\xef\xbb\xbfOrder ID;Name\r\nharbour-view-7;Caf\xc3\xa9 \xe2\x82\xac 5\r\n",
            "UTF-8",
            ["Order ID;Name\r\n", "harbour-view-7;Café € 5\r\n"],
        ),
        # Excel, "CSV", in western Europe.
        (
            b"Order ID;Name\r\nharbour-view-7;Caf\xe9 \x80 5 \x96 \x84a\x93\r\n",
            "Windows-1252",
            ["Order ID;Name\r\n", "harbour-view-7;Café € 5 \u2013 „a“\r\n"],
        ),
        # Excel, "Unicode Text".
        (
            b"\xff\xfeO\0r\0d\0e\0r\0 \0I\0D\0\t\0N\0a\0m\0e\0\r\0\n\0a\0\t\0\xac\x20\x3d\xd8\x67\xdc\r\0\n\0",
            "UTF-16",
            ["Order ID\tName\r\n", "a\t€👧\r\n"],
        ),
        # LibreOffice, as it proposes: no mark, commas, LF.
        (b"order_id,name\na,\xe6\x9d\xb1\xe4\xba\xac\n", "UTF-8", ["order_id,name\n", "a,東京\n"]),
        # LibreOffice, "Unicode (UTF-16)": a mark or none, by version.
        (b"\xfe\xff\0a\0,\0b\0\n\x67\x71", "UTF-16", ["a,b\n", "東"]),
        (b"a\0,\0b\0\n\0\x71\x67", "UTF-16", ["a,b\n", "東"]),
        (b"\0a\0,\0b\0\n\x67\x71", "UTF-16", ["a,b\n", "東"]),
        (b"a,b\n", "UTF-8", ["a,b\n"]),
        (b"a", "UTF-8", ["a"]),
        (b"a\0", None, []),
        (b"\xef\xbb\xbf", "UTF-8", []),
        (b"\xff\xfe", "UTF-16", []),
        (b"", "UTF-8", []),
        # Each line with its end, of whichever kind.
        (b"a\rb\n\r\nc\n\nd", "UTF-8", ["a\r", "b\n", "\r\n", "c\n", "\n", "d"]),
        # These end no line of a table.
        (b"a\x0bb\x0c\x1c\x85\xa0", "Windows-1252", ["a\x0bb\x0c\x1c…\xa0"]),
        (b"a\xc2\x85\xe2\x80\xa8b", "UTF-8", ["a\x85\u2028b"]),
    ],
)
def test_text_is_read_as_spreadsheet_programs_write_it(
    file: Callable[[bytes], Path], content: bytes, encoding: str | None, lines: list[str]
) -> None:
    """UTF-8 and UTF-16 with their marks or without, else Windows-1252; which it was is said."""
    if encoding is None:
        assert refusal(file(content))
    else:
        assert read(file(content)) == (encoding, lines)


def test_characters_and_line_ends_may_lie_across_what_is_read_at_a_time(file: Callable[[bytes], Path]) -> None:
    """Wherever a block ends, the text is the same."""
    for before in range(BLOCK - 5, BLOCK + 1):
        start = b"x" * before
        assert read(file(start + "👧\r\né".encode())) == ("UTF-8", ["x" * before + "👧\r\n", "é"])
        assert read(file(start + b"\xe9\r\n\xe9")) == ("Windows-1252", ["x" * before + "é\r\n", "é"])
        said, _ = refusal(file(start + "é\r\n\n\r".encode() + b"\xff"))
        assert said.partition(":")[2] == "4: The byte 0xff is no UTF-8, but other letters of the file are."


@pytest.mark.parametrize(
    ("content", "line", "byte"),
    [
        ("é,a\nb,".encode() + b"\xe9\n", 2, "0xe9"),
        ("a\r\né\r\n\r\n€".encode()[:-1], 4, "0xe2"),
        (b"a\rb\rc\xe9\rd\r" + "é".encode(), 3, "0xe9"),
        (b"a\n" * BLOCK + b"\xfc\n" + "東京\n".encode() * 10_000, BLOCK + 1, "0xfc"),
        (b"\xed\xa0\x80" + "é".encode(), 1, "0xed"),
    ],
)
def test_broken_utf_8_is_not_taken_for_windows_1252(
    file: Callable[[bytes], Path], content: bytes, line: int, byte: str
) -> None:
    """Where a file has letters of UTF-8, before the broken one or behind it, all of them would come out wrong."""
    path = file(content)
    said, hint = refusal(path)
    assert said == f"{path}:{line}: The byte {byte} is no UTF-8, but other letters of the file are."
    assert hint == f"Correct that line. {SAVE}"


@pytest.mark.parametrize("byte", [0x81, 0x8D, 0x8F, 0x90, 0x9D])
def test_a_byte_that_windows_1252_does_not_have_is_told_with_its_line(file: Callable[[bytes], Path], byte: int) -> None:
    """There are five."""
    path = file(b"a\r\n\xe9\r\nb\xe9" + bytes([byte]) + b"\n")
    assert refusal(path) == (f"{path}:3: The byte {byte:#x} is neither UTF-8 nor Windows-1252.", SAVE)


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        (b"\xef\xbb\xbfa\n\xe9", 2, "The text is no UTF-8 here: it is damaged, or breaks off."),
        (b"\xff\xfea\0\n\0\n\0b", 3, "The text is no UTF-16 here: it is damaged, or breaks off."),
        (b"\xff\xfea\0\n\0\x00\xdc\n\0", 2, "The text is no UTF-16 here: it is damaged, or breaks off."),
        (b"\xfe\xff\0a\0\r\xd8\x00\0\n", 2, "The text is no UTF-16 here: it is damaged, or breaks off."),
        (b"a\0\n\0\x00\xdc\n\0", 2, "The text is no UTF-16 here: it is damaged, or breaks off."),
        (b"a,b\n\nc\0\n", 3, "There is a NUL, which no text has."),
        (b"a,b\nc\0\xff\n", 2, "There is a NUL, which no text has."),
        (b"a,b\nc\xff\0\n", None, "is not text"),
        (b"a\0,\0\n\0\0\0", 2, "There is a NUL, which no text has."),
        (b"a,b\n" + b"x" * BLOCK + b"\xe9\n\0", 3, "There is a NUL, which no text has."),
        (b"SQLite format 3\0", 1, "There is a NUL, which no text has."),
    ],
)
def test_damage_is_told_with_its_line(
    file: Callable[[bytes], Path], content: bytes, line: int | None, what: str
) -> None:
    """A mark decides the encoding; a NUL is no part of any text."""
    path = file(content)
    said, _ = refusal(path)
    assert said == (f"{path} {what}." if line is None else f"{path}:{line}: {what}")


@pytest.mark.parametrize(
    ("content", "what", "hint"),
    [
        (b"PK\x03\x04\x14\x00\x06\x00[Content_Types].xml", "is a workbook or a zip archive, not CSV", SAVE),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is a workbook of an old Excel, not CSV", SAVE),
        (b"\x1f\x8b\x08\x00", "is compressed", "Unpack it first: gzip -cd FILE | autoenhance edit-orders -"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is not text", GIVE),
    ],
)
def test_what_is_no_text_gets_a_hint_of_its_own(
    file: Callable[[bytes], Path], content: bytes, what: str, hint: str
) -> None:
    """A workbook under the name of a CSV file is the most frequent."""
    path = file(content)
    assert refusal(path) == (f"{path} {what}.", hint)


@pytest.mark.parametrize(
    ("source", "reason"),
    [("/nowhere/a.csv", "No such file or directory"), ("/", "Is a directory"), ("a\0b", "embedded null byte")],
)
def test_a_file_that_cannot_be_opened_is_refused(source: str, reason: str) -> None:
    """As Python or the system says it."""
    assert refusal(source) == (f"The file {source!r} cannot be read: {reason}.", GIVE)


def test_a_pipe_can_be_read_although_it_cannot_be_rewound() -> None:
    """As a shell makes it of <(...): what Windows-1252 it is shows at its end."""
    reads, writes = os.pipe()
    os.write(writes, b"order_id,name\na,b\nb,\xe9\n")
    os.close(writes)
    assert read(f"/dev/fd/{reads}") == ("Windows-1252", ["order_id,name\n", "a,b\n", "b,é\n"])
    os.close(reads)


def test_standard_input_is_read_and_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """From where it is on; it belongs to the process."""
    stream = io.BytesIO("skipped\na,é\n".encode())
    stream.readline()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream, encoding="ascii"))
    assert read("-") == ("UTF-8", ["a,é\n"])
    assert not stream.closed
    assert name_of("-") == "standard input"
    assert name_of("a.csv") == "a.csv"


def test_standard_input_that_is_closed_or_fails_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cable that came off is told of, as is a shell's <&-."""

    class Broken(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _: object) -> int:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Broken())))
    assert refusal("-") == ("The file 'standard input' cannot be read: Input/output error.", GIVE)
    monkeypatch.setattr(sys, "stdin", None)
    assert refusal("-") == ("Standard input is closed.", GIVE)


def test_a_file_that_changes_while_it_is_read_is_told_of(file: Callable[[bytes], Path]) -> None:
    """It was UTF-8 when it was looked at; half of another file is not read as if it were this one."""
    path = file("é\n".encode() * BLOCK)

    def change() -> None:
        with open_text(str(path)) as text:
            path.write_bytes(b"\xe9\n" * BLOCK)
            list(text.lines)

    with pytest.raises(CommandError, match=r"orders\.csv changed while it was read\.$"):
        change()


FULL = """
import resource
from autoenhance.cli._decoding import open_text
from autoenhance.cli._problems import CommandError
before = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
try:
    with open_text("-"):
        pass
except CommandError as error:
    print(error, error.hint)
# For the files of who watches the test.
resource.setrlimit(resource.RLIMIT_FSIZE, before)
"""


@pytest.mark.parametrize("size", [2_000, 10**6])
def test_a_full_disk_is_told_of(size: int) -> None:
    """What comes from a pipe is kept on disk; the process is given little of it."""
    command = [sys.executable, "-W", "error", "-c", FULL]
    ran = subprocess.run(command, input=b"a" * size, capture_output=True, check=True)
    assert ran.stdout.decode() == (
        "The rows cannot be kept in a temporary file: File too large. "
        "Make room there, or set TMPDIR to a folder that has some.\n"
    )
    assert ran.stderr == b""


def test_no_folder_for_temporary_files_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is kept in memory instead."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a")))
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    said, hint = refusal("-")
    assert said == "The rows cannot be kept in a temporary file: No such file or directory."
    assert hint == "Make room there, or set TMPDIR to a folder that has some."
    assert str(no_room(ValueError("odd"))) == "The rows cannot be kept in a temporary file: odd."


@pytest.mark.parametrize(("unit", "lines"), [(b"x" * 99 + b"\xe9\n", 200_000), (b"x" * 100 + b"\xe9", 1)])
def test_a_large_file_is_not_in_memory(file: Callable[[bytes], Path], unit: bytes, lines: int) -> None:
    """Neither one of many lines nor one without any; not while its encoding is sought either."""
    path = file(unit * 200_000)
    tracemalloc.start()
    try:
        with open_text(str(path)) as text, suppress(TooLongError):
            assert text.encoding == "Windows-1252"
            for _ in text.lines:
                text.lines.begin_row()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert text.lines.number == lines
    assert peak < 8 * 2**20


def test_a_row_is_taken_up_to_a_limit() -> None:
    """Its lines count together; the next row begins anew, and all lines are counted."""
    half = "x" * (LONGEST_ROW // 2)
    lines = Lines([half, half[:-1], half])
    taken = iter(lines)
    assert [next(taken), next(taken)] == [half, half[:-1]]
    assert lines.number == 2
    with pytest.raises(TooLongError):
        next(taken)
    assert lines.number == 3
    # A line that was cut has just so many.
    assert list(Lines(["x" * (LONGEST_ROW - 1)])) == ["x" * (LONGEST_ROW - 1)]
    with pytest.raises(TooLongError):
        list(Lines(["x" * LONGEST_ROW]))
    lines = Lines([half] * 4)
    for _ in lines:
        lines.begin_row()
    assert lines.number == 4
