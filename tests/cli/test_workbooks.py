"""Workbooks are read as they are displayed, and refused where a cell is not what it seems."""

from __future__ import annotations

import sys
import time
import tomllib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import openpyxl
import pytest

from autoenhance._params import BODY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from terminal import Command

    Read = Callable[..., tuple[list[str], list[str]]]

TABLES: Final = Path(__file__).parent / "tables"
CASES: Final[dict[str, dict[str, Any]]] = tomllib.loads(Path(__file__).with_name("workbooks.toml").read_text("utf-8"))
ROWS: Final[list[list[object]]] = [["order_id", "name"], ["o-1", "1 Acacia Avenue"]]
EDIT: Final = 'o-1: name "1 Acacia Avenue"'
SAVE: Final = "Hint: Save it as a workbook (.xlsx) in the spreadsheet program."


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the workbook is."""
    return tmp_path / "orders.xlsx"


@pytest.fixture
def read(command: Command, path: Path) -> Read:
    """Reads the workbook: the lines of standard output, and those of standard error with FILE for its path."""

    def dry_run(*options: str, file: Path = path) -> tuple[list[str], list[str]]:
        ran = command("edit-orders", str(file), "--dry-run", *options)
        return ran.out.splitlines(), ran.err.replace(str(file), "FILE").splitlines()

    return dry_run


def make(path: Path, **sheets: Sequence[Sequence[object]]) -> Any:
    """Write a workbook with these sheets."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return book


def rewrite(path: Path, changes: Mapping[str, str], source: Path) -> None:
    """Copy a workbook with other texts in its XML."""
    with zipfile.ZipFile(source) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for old, new in changes.items():
        assert any(old.encode() in data for data in parts.values())
        parts = {name: data.replace(old.encode(), new.encode()) for name, data in parts.items()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def edits(*lines: str) -> tuple[list[str], list[str]]:
    """The output of a dry run of a workbook without errors."""
    count, s = len(lines), "" if len(lines) == 1 else "s"
    summary = f"FILE, sheet 'Orders', {count} row{s}: {count} order{s} would be edited. Nothing was sent."
    return [*lines], [summary, "Results would go to FILE.results.jsonl"]


def refused(*errors: str, sheet: str = ", sheet 'Orders'") -> tuple[list[str], list[str]]:
    """The output for a workbook with these errors."""
    count = f"{len(errors)} error{'' if len(errors) == 1 else 's'}"
    hint = "Hint: Correct the file; autoenhance edit-orders --dry-run checks it again."
    return [], [*(f"FILE: {error}" for error in errors), f"Error: FILE{sheet}: {count}; nothing was sent", hint]


@pytest.mark.parametrize("name", CASES)
def test_a_workbook_is_read_or_refused(read: Read, path: Path, name: str) -> None:
    """As workbooks.toml says; it takes no time, also where a million empty rows are hidden."""
    case = CASES[name]
    if "file" in case:
        path = path.with_name(case["file"])
        path.write_bytes((TABLES / path.name).read_bytes())
    else:
        book = make(path, **case.get("sheets", {"Orders": case.get("rows")}))
        for cell, number_format in case.get("formats", {}).items():
            book["Orders"][cell].number_format = number_format
        for row in case.get("hidden", []):
            book["Orders"].row_dimensions[row].hidden = True
        for sheet, state in case.get("states", {}).items():
            book[sheet].sheet_state = state
        book.save(path)
    if "replace" in case:
        rewrite(path, case["replace"], source=path)
    if "errors" in case:
        settable = ", ".join(param.keyword for param in BODY)
        errors = [error.replace("{settable}", settable) for error in case["errors"]]
        expected = refused(*errors, sheet=case.get("sheet", ", sheet 'Orders'"))
    else:
        expected = edits(*case.get("reads", []))
    if "says" in case:
        expected = expected[0], [*case["says"], case.get("last", expected[1][-1])]
    begun = time.monotonic()
    assert read(*case.get("options", []), file=path) == expected
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("suffix", [".xlsx", ".xlsm", ".csv"])
def test_a_workbook_is_recognized_by_its_bytes(read: Read, path: Path, suffix: str) -> None:
    """Whatever the file is called; one with macros has parts of other types."""
    file = path.with_suffix(suffix)
    make(file, Orders=ROWS)
    if suffix == ".xlsm":
        plain = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
        rewrite(file, {plain: "application/vnd.ms-excel.sheet.macroEnabled.main+xml"}, source=file)
    assert read(file=file) == edits(EDIT)


@pytest.mark.parametrize("has_orders", [False, True])
def test_a_chart_sheet_is_no_worksheet(read: Read, path: Path, *, has_orders: bool) -> None:
    """Without another sheet there is none to read, also if --sheet names it."""
    book = make(path, Orders=ROWS)
    book.create_chartsheet("Chart", 0)
    if not has_orders:
        book.remove(book["Orders"])
    book.save(path)
    no_worksheet: tuple[list[str], list[str]] = [], ["Error: FILE has no worksheet", SAVE]
    assert read() == (edits(EDIT) if has_orders else no_worksheet)
    assert has_orders or read("--sheet", "Chart") == no_worksheet


def test_a_distant_cell_does_not_fill_the_memory(read: Read, path: Path) -> None:
    """The last cell that a sheet can have; the sheet that it is on need not be ours."""
    book = make(path, Orders=ROWS, Notes=[])
    book["Notes"]["XFD1048576"] = "x"
    book.save(path)
    error = "the used range of sheet 'Notes' is 1,048,576 rows by 16,384 columns; at most 8,388,608 cells can be read"
    hint = "Hint: Delete the rows and columns that are not part of the table."
    assert read() == ([], [f"Error: FILE: {error}", hint])
    assert read("--sheet", "Orders") == edits(EDIT)


# --- Files that cannot be read ---


def document(path: Path) -> None:
    """Write a ZIP file that is not a workbook."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<document/>")


def corrupt(path: Path) -> None:
    """Write other bytes into the compressed text of the sheet."""
    data = path.read_bytes()
    start = data.index(b"xl/worksheets/sheet1.xml") + 40
    path.write_bytes(data[:start] + b"\xff" * 8 + data[start + 8 :])


@pytest.mark.parametrize(
    "damage",
    [
        document,
        corrupt,
        lambda path: path.write_bytes(path.read_bytes()[:2000]),
        lambda path: path.write_bytes(b"PK\x03\x04" + b"x" * 100),
        lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000)),
    ],
    ids=["document", "compressed text", "truncated", "no ZIP", "no OLE file"],
)
def test_a_damaged_workbook_is_refused(read: Read, path: Path, damage: Callable[[Path], object]) -> None:
    """As one that cannot be read, and not as a bug of the command."""
    make(path, Orders=[*ROWS, *([f"o-{number}", f"{number} Acacia Avenue"] for number in range(50))])
    damage(path)
    assert read() == ([], ["Error: FILE is damaged, or not a workbook", SAVE])


def test_a_zip_bomb_is_refused(read: Read, path: Path) -> None:
    """300 MB of zeros are 300 KB in a ZIP file."""
    make(path, Orders=ROWS)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/media/a", "w") as part:
        for _ in range(300):
            part.write(bytes(10**6))
    assert read() == ([], ["Error: FILE has more than 256 MiB decompressed", SAVE])


def test_without_calamine_there_is_a_hint(read: Read, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How to install it, or do without it."""
    make(path, Orders=ROWS)
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    hint = "Hint: Run pip install '.[sheets]' in the checkout, or save the sheet as \"CSV UTF-8\"."
    assert read() == ([], ["Error: FILE is a workbook, which needs 'python-calamine'", hint])


@pytest.mark.parametrize("suffix", ["xlsx", "xls", "ods"])
def test_a_password_protected_workbook_is_refused(read: Read, path: Path, suffix: str) -> None:
    """Whatever its name ends with."""
    path.write_bytes((TABLES / f"encrypted.{suffix}").read_bytes())
    assert read() == ([], ["Error: FILE is password-protected", "Hint: Save it without a password."])


def test_a_hidden_row_of_ods_is_not_edited(read: Read, path: Path) -> None:
    """As a filter leaves it."""
    hidden = {"<table:table-row": '<table:table-row table:visibility="filter"'}
    rewrite(path, hidden, source=TABLES / "workbook.ods")
    lines, errors = read()
    assert (lines, "no column order_id" in errors[0]) == ([], True)
