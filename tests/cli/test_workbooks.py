"""Workbooks are read as they are shown, and refused where a cell is not what it seems."""

from __future__ import annotations

import datetime as dt
import struct
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import openpyxl
import pytest

from autoenhance._params import BODY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from terminal import Command

    Rows = Sequence[Sequence[object]]
    Read = Callable[..., tuple[list[str], list[str]]]

TABLES: Final = Path(__file__).parent / "tables"
HEAD: Final = ("order_id", "name")
ACACIA: Final = ("o-1", "1 Acacia Avenue")
EDIT: Final = 'o-1: name "1 Acacia Avenue"'
NEEDED: Final = (
    f"the header names the columns: order_id, and what to set ({', '.join(param.keyword for param in BODY)})"
)
EMPTY: Final = "is empty; give the id of the order"
AS_TEXT: Final = "not text; format the column as text"
NOT_STORED: Final = "formula without a stored value; open and save the workbook in the spreadsheet program"
DAMAGED: Final = "Error: FILE is damaged, or not a workbook"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the workbook is."""
    return tmp_path / "orders.xlsx"


@pytest.fixture
def read(command: Command, path: Path) -> Read:
    """Reads the workbook: the edits, and what is said but for the last line, with FILE for its path."""

    def dry_run(*options: str, file: Path = path) -> tuple[list[str], list[str]]:
        ran = command("edit-orders", str(file), "--dry-run", *options)
        *said, last = ran.err.replace(str(file), "FILE").splitlines()
        assert last.startswith("Hint: " if ran.status else "Results would go to FILE"), ran.err
        return ran.out.splitlines(), said

    return dry_run


def make(path: Path, **sheets: Rows) -> Any:
    """Write a workbook with these sheets."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return book


def rewrite(source: Path, path: Path, part: str, *changes: tuple[str, str]) -> None:
    """Copy a workbook with other text in one of its parts."""
    with zipfile.ZipFile(source) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    text = parts[part].decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**parts, part: text.encode()}.items():
            archive.writestr(name, data)


def read_as(sheet: str, count: int) -> str:
    """What is said of a workbook without errors."""
    rows, orders = (f"{count} {noun}{'' if count == 1 else 's'}" for noun in ("row", "order"))
    return f"FILE, sheet '{sheet}', {rows}: {orders} would be edited. Nothing was sent."


def refused(sheet: str, *errors: str) -> list[str]:
    """What is said of a workbook with these errors."""
    count = f"{len(errors)} error{'' if len(errors) == 1 else 's'}"
    return [*(f"FILE: {error}" for error in errors), f"Error: FILE, sheet '{sheet}': {count}; nothing was sent"]


# --- Sheets and headers ---


@pytest.mark.parametrize("suffix", ["xlsx", "xlsm", "csv"])
def test_the_bytes_decide_that_it_is_a_workbook(read: Read, path: Path, suffix: str) -> None:
    """Whatever the file is called."""
    file = path.with_suffix(f".{suffix}")
    make(path, Orders=[HEAD, ACACIA])
    path.rename(file)
    assert read(file=file) == ([EDIT], [read_as("Orders", 1)])


def test_a_workbook_with_macros_is_read(read: Read, path: Path) -> None:
    """As .xlsm, whose parts have other types."""
    make(path, Orders=[HEAD, ACACIA])
    file = path.with_suffix(".xlsm")
    rewrite(
        path,
        file,
        "[Content_Types].xml",
        (
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
            "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
        ),
    )
    assert read(file=file) == ([EDIT], [read_as("Orders", 1)])


@pytest.mark.parametrize("above", [1, 19])
def test_the_header_is_found_within_20_rows(read: Read, path: Path, above: int) -> None:
    """Rows above it are passed over, and rows are named as the spreadsheet counts them."""
    make(path, Orders=[["Orders of May"], *[[]] * (above - 1), HEAD, ACACIA, ["", "4 Harbour View"]])
    error = f"row {above + 3}, column A (order_id): {EMPTY}"
    assert read() == ([], refused("Orders", error))


def test_a_header_below_row_20_is_not_found(read: Read, path: Path) -> None:
    """What was seen is said, with its row."""
    make(path, Orders=[["Orders of May"], *[[]] * 19, HEAD, ACACIA])
    said = f"FILE: sheet 'Orders': no column order_id in the first 20 rows; {NEEDED}; row 1 has 'Orders of May'"
    assert read() == ([], [said, "Error: FILE: 1 error; nothing was sent"])


def test_a_table_may_begin_anywhere(read: Read, path: Path) -> None:
    """Columns have the letters that the spreadsheet has for them."""
    book = make(path, Orders=[])
    for row, cells in enumerate([("Order ID", "Name"), ACACIA, (None, "4 Harbour View")], 5):
        for column, cell in enumerate(cells, 27):
            book["Orders"].cell(row, column, cell)
    book.save(path)
    assert read() == ([], refused("Orders", f"row 7, column AA (Order ID): {EMPTY}"))


def test_the_only_sheet_with_our_columns_is_taken(read: Read, path: Path) -> None:
    """Wherever it stands among others; a chart sheet is none."""
    book = make(path, Notes=[["Made by Harbour View Homes"]], Empty=[], Orders=[HEAD, ACACIA], Ids=[["order_id"]])
    book.create_chartsheet("Chart", 0)
    book.save(path)
    assert read() == ([EDIT], [read_as("Orders", 1)])
    assert read("--sheet", "Orders") == ([EDIT], [read_as("Orders", 1)])


@pytest.mark.parametrize("state", ["visible", "hidden", "veryHidden"])
def test_several_sheets_with_our_columns_are_ambiguous(read: Read, path: Path, state: str) -> None:
    """--sheet says which, and the hint has the candidates. A hidden one is taken only if it is named."""
    book = make(path, May=[HEAD, ACACIA], Notes=[["a"]], June=[HEAD, ("o-2", "4 Harbour View")])
    book["June"].sheet_state = state
    book.save(path)
    ambiguous: tuple[list[str], list[str]] = ([], ["Error: FILE has more than one sheet with our columns"])
    assert read() == (ambiguous if state == "visible" else ([EDIT], [read_as("May", 1)]))
    assert read("--sheet", "June") == (['o-2: name "4 Harbour View"'], [read_as("June", 1)])


def test_candidates_are_named_in_the_hint(command: Command, path: Path) -> None:
    """Only sheets with our columns if there are several such, else all sheets."""
    make(path, May=[HEAD], Notes=[["a"]], June=[HEAD])
    for options, line, hint in (
        ([], "has more than one sheet with our columns", "'May' or 'June'"),
        (["--sheet", "may"], "has no sheet 'may'", "'May', 'Notes' or 'June'"),
    ):
        ran = command("edit-orders", str(path), "--dry-run", *options)
        assert (ran.status, ran.out) == (2, "")
        assert ran.err == f"Error: {path} {line}\nHint: Give --sheet: {hint}.\n"


def test_of_a_workbook_without_our_columns_each_sheet_is_told(read: Read, path: Path) -> None:
    """With what was seen in it; --sheet tells of the one."""
    make(path, Notes=[["Made by"]], Orders=[["Order ID", "Street"]], Empty=[])
    settable = ", ".join(param.keyword for param in BODY)
    assert read() == (
        [],
        [
            f"FILE: sheet 'Notes': no column order_id; {NEEDED}; row 1 has 'Made by'",
            f"FILE: row 1: sheet 'Orders': no column to set ({settable}); it has 'Order ID', 'Street'",
            f"FILE: sheet 'Empty': empty; {NEEDED}",
            "Error: FILE: 3 errors; nothing was sent",
        ],
    )
    only = f"FILE: sheet 'Empty': empty; {NEEDED}"
    assert read("--sheet", "Empty") == ([], [only, "Error: FILE: 1 error; nothing was sent"])


@pytest.mark.parametrize("options", [[], ["--sheet", "Chart"]])
def test_a_workbook_without_a_worksheet_is_refused(command: Command, path: Path, options: list[str]) -> None:
    """As one with only a chart sheet; nothing of Python's is said."""
    book = openpyxl.Workbook()
    book.create_chartsheet("Chart")
    book.remove(book.worksheets[0])
    book.save(path)
    ran = command("edit-orders", str(path), "--dry-run", *options)
    assert (ran.status, ran.out) == (2, "")
    assert "unpack" not in ran.err


def test_an_empty_workbook_is_refused(read: Read, path: Path) -> None:
    """As a new one that was saved."""
    openpyxl.Workbook().save(path)
    assert read() == ([], [f"FILE: sheet 'Sheet': empty; {NEEDED}", "Error: FILE: 1 error; nothing was sent"])


def test_a_table_with_only_a_header_has_no_rows(read: Read, path: Path) -> None:
    """Which is no error."""
    make(path, Orders=[HEAD])
    assert read() == ([], [read_as("Orders", 0)])


# --- Cells ---


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (12, f"is a number, {AS_TEXT}: Excel has removed leading zeros"),
        (0.5, f"is a number, {AS_TEXT}: Excel has removed leading zeros"),
        (1.23e15, f"is a number, {AS_TEXT}: Excel has removed leading zeros"),
        (True, f"is TRUE or FALSE, {AS_TEXT}"),
        (dt.date(2026, 5, 1), f"is a date or time, {AS_TEXT}"),
        (dt.datetime(2026, 5, 1, 18, 12), f"is a date or time, {AS_TEXT}"),  # noqa: DTZ001  # a cell has no time zone
        (dt.time(18, 12), f"is a date or time, {AS_TEXT}"),
    ],
)
def test_an_id_that_is_no_text_is_refused(read: Read, path: Path, value: object, what: str) -> None:
    """Both ids: a spreadsheet program may have changed it."""
    make(path, Orders=[["order_id", "new_order_id"], [value, "n-1"], ["o-2", value]])
    errors = [f"row 2, column A (order_id): {what}", f"row 3, column B (new_order_id): {what}"]
    assert read() == ([], refused("Orders", *errors))


@pytest.mark.parametrize(
    ("value", "name"), [(12, "12"), (0, "0"), (-3, "-3"), (7.0, "7"), (99999999999, "99999999999")]
)
def test_a_whole_number_in_a_name_is_taken_as_it_is_shown(read: Read, path: Path, value: float, name: str) -> None:
    """Without the point that it is stored with."""
    make(path, Orders=[HEAD, ["o-1", value]])
    assert read() == ([f'o-1: name "{name}"'], [read_as("Orders", 1)])


@pytest.mark.parametrize(
    ("value", "kind"),
    [(12.5, "a number"), (123456789012, "a number"), (True, "TRUE or FALSE"), (dt.date(2026, 5, 1), "a date or time")],
)
def test_a_name_that_is_shown_in_another_way_is_refused(read: Read, path: Path, value: object, kind: str) -> None:
    """How a fraction, a large number or a date is shown depends on the format of its cell."""
    make(path, Orders=[HEAD, ["o-1", value]])
    assert read() == ([], refused("Orders", f"row 2, column B (name): is {kind}, {AS_TEXT}"))


@pytest.mark.parametrize("shown_as", ["0000", "#,##0", "0%", '0" Acacia Avenue"'])
def test_a_number_that_has_a_format_is_no_name(read: Read, path: Path, shown_as: str) -> None:
    """What is shown is not what is stored: 0012, 1,200, 1200% or 12 Acacia Avenue."""
    book = make(path, Orders=[HEAD, ["o-1", 12], ["o-2", 12]])
    for cell, number_format in (("B2", shown_as), ("B3", "0")):
        book["Orders"][cell].number_format = number_format
    book.save(path)
    assert read() == ([], refused("Orders", f"row 2, column B (name): is a formatted number, {AS_TEXT}"))


def test_a_hidden_row_is_not_edited_unseen(read: Read, path: Path) -> None:
    """A filter hides rows; whoever sees three names means three."""
    book = make(path, Orders=[HEAD, ["o-1", "a"], ["o-2", "b"], ["o-3", "c"], ["", ""]])
    for row in (3, 5):
        book["Orders"].row_dimensions[row].hidden = True
    book.save(path)
    what = "is in a hidden row; show the row, or delete it"
    columns = ("column A (order_id)", "column B (name)")
    assert read() == ([], refused("Orders", *(f"row 3, {column}: {what}" for column in columns)))


def test_other_columns_may_hold_anything(read: Read, path: Path) -> None:
    """Dates, numbers, errors and formulas that we do not use are no errors."""
    remarks = [dt.date(2026, 5, 1), 12.5, "#N/A", "=1/0", True]
    make(path, Orders=[["Remarks", *HEAD, ""], *([remark, f"o-{n}", "a"] for n, remark in enumerate(remarks))])
    assert read() == ([f'o-{n}: name "a"' for n in range(5)], [read_as("Orders", 5)])


def test_text_that_looks_like_a_number_is_text(read: Read, path: Path) -> None:
    """Leading zeros stay."""
    make(path, Orders=[HEAD, ["0012", "007"]])
    assert read() == (['0012: name "007"'], [read_as("Orders", 1)])


def test_a_cell_with_an_error_is_an_error(read: Read, path: Path) -> None:
    """Never an empty one, also where it is all that a row has."""
    errors = ("#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!")
    make(path, Orders=[HEAD, *(["o-1", error] for error in errors), ["#N/A", "a"], ["", "#NUM!"]])
    what = "'{}' is an error of the spreadsheet program; correct the cell"
    said = [f"row {row}, column B (name): {what.format(error)}" for row, error in enumerate(errors, 2)]
    said += [f"row 7, column A (order_id): {what.format('#N/A')}", f"row 8, column B (name): {what.format('#NUM!')}"]
    assert read() == ([], refused("Orders", *said, f"row 8, column A (order_id): {EMPTY}"))


def test_a_text_that_reads_like_an_error_is_one(read: Read, path: Path) -> None:
    """As a formula's text, or one that was pasted."""
    book = make(path, Orders=[HEAD, ["o-1", ""]])
    book["Orders"]["B2"].value = "#BEZUG!"
    book["Orders"]["B2"].data_type = "s"
    book.save(path)
    what = "'#BEZUG!' is an error of the spreadsheet program; correct the cell"
    assert read() == ([], refused("Orders", f"row 2, column B (name): {what}"))


def test_a_line_break_in_a_name_is_an_error(read: Read, path: Path) -> None:
    """As Alt+Enter makes one."""
    make(path, Orders=[HEAD, ["o-1", "1 Acacia\nAvenue"]])
    what = r"line break in '1 Acacia\nAvenue'; is a quote missing in this row or before it?"
    assert read() == ([], refused("Orders", f"row 2, column B (name): {what}"))


@pytest.mark.parametrize("row", [["o-2", "=A2"], ['="o-2"', "4 Harbour View"]])
def test_a_formula_without_a_stored_value_is_an_error(read: Read, path: Path, row: list[str]) -> None:
    """As programs write them that do not calculate."""
    make(path, Orders=[HEAD, ACACIA, row])
    where = "column B (name)" if row[0] == "o-2" else "column A (order_id)"
    assert f"FILE: row 3, {where}: {NOT_STORED}" in read()[1]
    assert read()[0] == []


@pytest.mark.parametrize("before", [[], [ACACIA]])
def test_a_row_of_formulas_without_stored_values_is_no_empty_row(read: Read, path: Path, before: Rows) -> None:
    """Also at the end of the sheet, where the reader of workbooks does not see it."""
    make(path, Orders=[HEAD, *before, ['="o-2"', '="4 Harbour View"']])
    errors = [f"row {len(before) + 2}, column {column}: {NOT_STORED}" for column in ("A (order_id)", "B (name)")]
    assert read() == ([], refused("Orders", *errors))


def test_a_value_that_a_library_stores_for_a_formula_is_none(read: Read, path: Path) -> None:
    """XlsxWriter cannot calculate, stores 0, and says in the workbook that all is to be calculated."""
    unstored = path.with_name("unstored.xlsx")
    make(unstored, Orders=[HEAD, ["o-1", '="Unit "&C2']])
    rewrite(unstored, path, "xl/worksheets/sheet1.xml", ("<v />", "<v>0</v>"))
    assert read() == ([], refused("Orders", f"row 2, column B (name): {NOT_STORED}"))


def test_a_formula_with_a_stored_value_is_that_value(read: Read, path: Path) -> None:
    """Text, a whole number, and text of no length, which is empty."""
    rows = [['="o-1"', '="1 Acacia"&" Avenue"'], ["o-2", "=3+4"], ["o-3", '=""']]
    unstored = path.with_name("unstored.xlsx")
    make(unstored, Orders=[HEAD, *rows])
    calculated = path.with_name("calculated.xlsx")
    rewrite(unstored, calculated, "xl/workbook.xml", (' fullCalcOnLoad="1"', ""))
    rewrite(
        calculated,
        path,
        "xl/worksheets/sheet1.xml",
        ('<c r="A2"><f>"o-1"</f><v />', '<c r="A2" t="str"><f>"o-1"</f><v>o-1</v>'),
        ('<c r="B2"><f>"1 Acacia"&amp;" Avenue"</f><v />', '<c r="B2" t="str"><f>A1</f><v>1 Acacia Avenue</v>'),
        ("<f>3+4</f><v />", "<f>3+4</f><v>7</v>"),
        ('<c r="B4"><f>""</f><v />', '<c r="B4" t="str"><f>""</f><v></v>'),
    )
    skipped = read_as("Orders", 2).replace("rows", "rows, 1 row without changes skipped")
    assert read() == ([EDIT, 'o-2: name "7"'], [skipped])


def test_a_formula_whose_stored_value_is_an_error_is_an_error(read: Read, path: Path) -> None:
    """As Excel stores them."""
    unstored = path.with_name("unstored.xlsx")
    make(unstored, Orders=[HEAD, ["o-1", "=1/0"]])
    stored = ('<c r="B2"><f>1/0</f><v />', '<c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v>')
    rewrite(unstored, path, "xl/worksheets/sheet1.xml", stored)
    what = "'#DIV/0!' is an error of the spreadsheet program; correct the cell"
    assert read() == ([], refused("Orders", f"row 2, column B (name): {what}"))


def test_a_cell_far_away_is_said_instead_of_filling_the_memory(command: Command, path: Path) -> None:
    """The last cell that a sheet can have; the sheet that it is on need not be ours."""
    book = make(path, Orders=[HEAD, ACACIA], Notes=[])
    book["Notes"]["XFD1048576"] = "x"
    book.save(path)
    ran = command("edit-orders", str(path), "--dry-run")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.splitlines() == [
        f"Error: {path}: sheet 'Notes' has cells down to row 1,048,576 and out to column 16,384",
        "Hint: Delete the rows and columns that are not part of the table.",
    ]
    assert command("edit-orders", str(path), "--dry-run", "--sheet", "Orders").status == 0


# --- Files that cannot be read ---


def compressed_damage(data: bytes) -> bytes:
    """A workbook with other bytes within the compressed text of its sheet."""
    start = data.index(b"xl/worksheets/sheet1.xml") + 40
    return data[:start] + b"\xff" * 8 + data[start + 8 :]


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[: len(data) // 2],
        compressed_damage,
        lambda _: b"PK\x03\x04" + b"x" * 100,
        lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000),
    ],
    ids=["cut off", "compressed text", "no zip", "no OLE file"],
)
def test_a_damaged_workbook_is_refused(read: Read, path: Path, change: Callable[[bytes], bytes]) -> None:
    """As one that cannot be read, and not as a bug of the command."""
    make(path, Orders=[HEAD, *([f"o-{number}", f"{number} Acacia Avenue"] for number in range(50))])
    path.write_bytes(change(path.read_bytes()))
    edits, (line,) = read()
    assert (edits, line[: len(DAMAGED)]) == ([], DAMAGED)


def test_a_zip_file_that_is_no_workbook_is_refused(read: Read, path: Path) -> None:
    """As a text document, or an archive of pictures."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<document/>")
    edits, (line,) = read()
    assert (edits, line[: len(DAMAGED)]) == ([], DAMAGED)


def ole_file(stream: str) -> bytes:
    """The smallest OLE file with an empty stream: a header, a sector of allocations, and one of entries."""
    free, end, allocations = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    head = struct.pack(
        "<8s16x5H6x9I", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 62, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, end, 0, end, 0
    )
    entries = b"".join(
        struct.pack("<64sHBB3I36xIQ", name.encode("utf-16-le"), 2 * len(name) + 2, kind, 1, free, free, child, end, 0)
        for name, kind, child in (("Root Entry", 5, 1), (stream, 2, free))
    )
    return head + struct.pack("<237I", 0, *[free] * 108, allocations, end, *[free] * 126) + entries.ljust(512, b"\0")


@pytest.mark.parametrize("suffix", ["xlsx", "xls", "ods"])
def test_a_password_protected_workbook_is_called_that(command: Command, path: Path, suffix: str) -> None:
    """Excel puts the encrypted workbook into an OLE file, whatever its name ends with."""
    file = path.with_suffix(f".{suffix}")
    file.write_bytes(ole_file("EncryptedPackage"))
    ran = command("edit-orders", str(file), "--dry-run")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == f"Error: {file} is password-protected\nHint: Save it without a password.\n"


def test_without_its_reader_the_hint_says_how_to_get_it(
    command: Command, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or how to do without it."""
    make(path, Orders=[HEAD, ACACIA])
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    ran = command("edit-orders", str(path), "--dry-run")
    assert (ran.status, ran.out) == (2, "")
    line, hint = ran.err.splitlines()
    assert line == f"Error: {path} is a workbook, which needs 'python-calamine'"
    assert hint == "Hint: pip install 'autoenhance-orders[sheets]', or save the sheet as \"CSV UTF-8\"."


def test_a_workbook_that_grows_without_end_is_refused(read: Read, path: Path) -> None:
    """300 MB of zeros are 300 KB in a zip file."""
    make(path, Orders=[HEAD, ACACIA])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/media/a", "w") as part:
        for _ in range(300):
            part.write(bytes(10**6))
    assert read() == ([], ["Error: FILE has more than 256 MiB decompressed"])


# --- .xls and .ods ---


def test_xls_is_read(read: Read) -> None:
    """It does not tell errors from empty cells, which is a warning."""
    file = TABLES / "workbook.xls"
    edits, said = read(file=file)
    assert edits == ['o-1: name "Königstraße 3"', 'o-2: name "12"', 'o-3: new_order_id "n-3"']
    warning = "is empty or an error: .xls and .xlsb do not distinguish them; save it as .xlsx (and 4 more)"
    number = "is a number; .xls and .xlsb do not tell how it is shown; format it as text"
    skipped = read_as("Orders", 3).replace("rows", "rows, 1 row without changes skipped")
    assert said == [
        f"Warning: FILE: row 4, column C (New order ID): {warning}",
        f"Warning: FILE: row 5, column B (Name): {number}",
        skipped,
    ]


def test_a_password_protected_xls_is_called_that(read: Read, path: Path) -> None:
    """Its workbook has a record that says so."""
    data = (TABLES / "workbook.xls").read_bytes()
    interface, protected = b"\xe1\x00\x02\x00", b"\x2f\x00\x02\x00"
    assert data.count(interface) == 1
    path.write_bytes(data.replace(interface, protected))
    assert read() == ([], ["Error: FILE is password-protected"])


def test_ods_is_read(read: Read) -> None:
    """From LibreOffice."""
    edits = ['o-1: name "Königstraße 3"', 'o-2: name "12"', 'o-3: new_order_id "n-3"', '0012: name "4 Harbour View"']
    assert read(file=TABLES / "workbook.ods") == (edits, [read_as("Orders", 4)])


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        (
            '<table:table-cell office:value-type="string" c:value-type="error" xmlns:c="urn:calcext"><text:p>#N/A</text:p>',
            "'#N/A' is an error of the spreadsheet program; correct the cell",
        ),
        ('<table:table-cell table:formula="of:=[.A1]">', NOT_STORED),
        (
            '<table:table-cell office:value-type="string"><text:p>Flat<text:line-break/>2</text:p>',
            "line break, tab or ruby text in the cell; remove it",
        ),
        ('<table:table-cell table:formula="of:=[.A1]" office:value-type="string">', NOT_STORED),
        (
            '<table:table-cell office:value-type="float" office:value="12"><text:p>0012</text:p>',
            f"is a formatted number, {AS_TEXT}",
        ),
        (
            '<table:table-cell office:value-type="date" office:date-value="2026-05-01"><text:p>1 May</text:p>',
            f"is a date or time, {AS_TEXT}",
        ),
    ],
    ids=["error", "formula", "line break", "text formula", "format", "date"],
)
def test_cells_of_ods_are_checked(read: Read, path: Path, cell: str, what: str) -> None:
    """Errors, formulas without a stored value, and dates are errors with their row."""
    number = '<table:table-cell office:value-type="float" office:value="12"><text:p>12</text:p>'
    rewrite(TABLES / "workbook.ods", path, "content.xml", (number, cell))
    assert read() == ([], refused("Orders", f"row 5, column B (Name): {what}"))


def test_a_hidden_row_of_ods_is_not_edited_unseen(read: Read, path: Path) -> None:
    """As a filter leaves it."""
    rewrite(
        TABLES / "workbook.ods", path, "content.xml", ("<table:table-row", '<table:table-row table:visibility="filter"')
    )
    edits, said = read()
    assert edits == []
    assert "no column order_id" in said[0]


def test_the_hidden_rest_of_a_sheet_is_no_row(read: Read, path: Path) -> None:
    """Below the table people hide all that is left, a million rows."""
    rest = '<table:table-row table:number-rows-repeated="1048000" table:visibility="collapse"><table:table-cell/></table:table-row>'
    rewrite(TABLES / "workbook.ods", path, "content.xml", ("</table:table>", f"{rest}</table:table>"))
    begun = time.monotonic()
    edits, said = read()
    assert (len(edits), said) == (4, [read_as("Orders", 4)])
    assert time.monotonic() - begun < 2


def test_a_password_protected_ods_is_called_that(read: Read, path: Path) -> None:
    """Its list of parts says that they are encrypted."""
    entry = 'manifest:full-path="content.xml"'
    encrypted = '<manifest:encryption-data manifest:checksum-type="SHA1/1K"/></manifest:file-entry>'
    source = TABLES / "workbook.ods"
    with zipfile.ZipFile(source) as archive:
        manifest = archive.read("META-INF/manifest.xml").decode()
    start = manifest.index("<", manifest.index(entry) - 80)
    old = manifest[start : manifest.index("/>", start) + 2]
    assert entry in old
    rewrite(source, path, "META-INF/manifest.xml", (old, f"{old[:-2]}>{encrypted}"))
    assert read() == ([], ["Error: FILE is password-protected"])
