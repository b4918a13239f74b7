"""Workbooks are read as they are shown, and refused where a cell is not what it seems."""

from __future__ import annotations

import datetime as dt
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
SETTABLE: Final = ", ".join(param.keyword for param in BODY)
NEEDED: Final = f"the header must have order_id and at least one of {SETTABLE}"
EMPTY: Final = "is empty; give the order's id"
AS_TEXT: Final = "not text; format the column as text"
A_NUMBER: Final = f"is a number, {AS_TEXT}: Excel has removed leading zeros"
A_TIME: Final = f"is a date or time, {AS_TEXT}"
FORMATTED: Final = f"is a formatted number, {AS_TEXT}"
HIDDEN: Final = "is in a hidden row; show the row, or delete it"
NOT_STORED: Final = "formula without a stored value; open and save the workbook in the spreadsheet program"
MAY: Final = dt.date(2026, 5, 1)
SHEET: Final = "xl/worksheets/sheet1.xml"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the workbook is."""
    return tmp_path / "orders.xlsx"


@pytest.fixture
def read(command: Command, path: Path) -> Read:
    """Reads the workbook: the edits, and the messages with FILE for its path, but for the last line of a dry run."""

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


def rewrite(path: Path, part: str, *changes: tuple[str, str], source: Path | None = None) -> None:
    """Replace text in one part of a workbook, or of a copy of another one."""
    with zipfile.ZipFile(source or path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    text = parts[part].decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**parts, part: text.encode()}.items():
            archive.writestr(name, data)


def read_as(sheet: str, count: int, skipped: str = "") -> str:
    """The message about a workbook without errors."""
    rows, orders = (f"{count} {noun}{'' if count == 1 else 's'}" for noun in ("row", "order"))
    return f"FILE, sheet '{sheet}', {rows}{skipped}: {orders} would be edited. Nothing was sent."


def refused(*errors: str, name: str = "FILE, sheet 'Orders'") -> tuple[list[str], list[str]]:
    """The messages about a workbook with these errors, and no edits."""
    count = f"{len(errors)} error{'' if len(errors) == 1 else 's'}"
    return [], [*(f"FILE: {error}" for error in errors), f"Error: {name}: {count}; nothing was sent"]


def excel_error(text: str) -> str:
    return f"'{text}' is an error of the spreadsheet program; correct the cell"


# --- Sheets and headers ---


@pytest.mark.parametrize("suffix", [".xlsx", ".xlsm", ".csv"])
def test_the_bytes_decide_that_it_is_a_workbook(read: Read, path: Path, suffix: str) -> None:
    """Whatever the file is called; one with macros has parts of other types."""
    file = path.with_suffix(suffix)
    make(file, Orders=[HEAD, ACACIA])
    if suffix == ".xlsm":
        plain = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
        rewrite(file, "[Content_Types].xml", (plain, "application/vnd.ms-excel.sheet.macroEnabled.main+xml"))
    assert read(file=file) == ([EDIT], [read_as("Orders", 1)])


def test_the_header_is_found_within_20_rows(read: Read, path: Path) -> None:
    """Rows above it are passed over, and rows are named as the spreadsheet counts them."""
    for above in (1, 19):
        make(path, Orders=[["Orders of May"], *[[]] * (above - 1), HEAD, ACACIA, ["", "4 Harbour View"]])
        assert read() == refused(f"row {above + 3}, column A (order_id): {EMPTY}")
    make(path, Orders=[["Orders of May"], *[[]] * 19, HEAD, ACACIA])
    said = f"sheet 'Orders': no column order_id in the first 20 rows; {NEEDED}; row 1 has 'Orders of May'"
    assert read() == refused(said, name="FILE")


def test_a_table_may_begin_anywhere(read: Read, path: Path) -> None:
    """Columns have the letters that the spreadsheet has for them."""
    table = [("Order ID", "Name"), ACACIA, ("", "4 Harbour View")]
    make(path, Orders=[[], [], [], [], *([*[""] * 26, *row] for row in table)])
    assert read() == refused(f"row 7, column AA (Order ID): {EMPTY}")


def test_the_only_sheet_with_our_columns_is_read(read: Read, path: Path) -> None:
    """Wherever it is among others; a chart sheet is none. --sheet names another."""
    book = make(path, Notes=[["Made by"]], Orders=[HEAD, ACACIA], Ids=[["order_id", "Street"]], Empty=[])
    book.create_chartsheet("Chart", 0)
    book.save(path)
    assert read() == read("--sheet", "Orders") == ([EDIT], [read_as("Orders", 1)])
    assert read("--sheet", "Empty") == refused(f"sheet 'Empty': empty; {NEEDED}", name="FILE")


@pytest.mark.parametrize("state", ["visible", "hidden", "veryHidden"])
def test_several_sheets_with_our_columns_are_ambiguous(read: Read, path: Path, state: str) -> None:
    """A hidden one is read only if --sheet names it."""
    book = make(path, May=[HEAD, ACACIA], Notes=[["a"]], June=[HEAD, ("o-2", "4 Harbour View")])
    book["June"].sheet_state = state
    book.save(path)
    ambiguous: tuple[list[str], list[str]] = ([], ["Error: FILE has more than one sheet of edits"])
    assert read() == (ambiguous if state == "visible" else ([EDIT], [read_as("May", 1)]))
    assert read("--sheet", "June") == (['o-2: name "4 Harbour View"'], [read_as("June", 1)])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "has more than one sheet of edits\nHint: Give --sheet 'May' or 'June'.\n"),
        (["--sheet=may"], "has no sheet 'may'\nHint: Give --sheet 'May', 'Notes' or 'June'.\n"),
    ],
)
def test_candidates_are_named_in_the_hint(command: Command, path: Path, options: list[str], said: str) -> None:
    """Only sheets with our columns if there are several such, else all sheets."""
    make(path, May=[HEAD], Notes=[["a"]], June=[HEAD])
    ran = command("edit-orders", str(path), "--dry-run", *options)
    assert (ran.status, ran.out, ran.err) == (2, "", f"Error: {path} {said}")


def test_a_workbook_without_our_columns_is_refused_with_what_each_sheet_has(read: Read, path: Path) -> None:
    """Also a new one that was saved. A table with only a header has no rows, which is no error."""
    make(path, Notes=[["Made by"]], Orders=[["Order ID", "Street"]], Empty=[])
    assert read() == refused(
        f"sheet 'Notes': no column order_id; {NEEDED}; row 1 has 'Made by'",
        f"row 1: sheet 'Orders': no column to set ({SETTABLE}); the header has 'Order ID', 'Street'",
        f"sheet 'Empty': empty; {NEEDED}",
        name="FILE",
    )
    make(path, Orders=[HEAD])
    assert read() == ([], [read_as("Orders", 0)])


@pytest.mark.parametrize("options", [[], ["--sheet", "Chart"]])
def test_a_workbook_with_only_a_chart_sheet_is_refused(read: Read, path: Path, options: list[str]) -> None:
    """Nothing of Python's is shown."""
    book = openpyxl.Workbook()
    book.create_chartsheet("Chart")
    book.remove(book.worksheets[0])
    book.save(path)
    assert read(*options) == ([], ["Error: FILE has no worksheet"])


# --- Cells ---


@pytest.mark.parametrize(
    ("value", "what"),
    [
        *((number, A_NUMBER) for number in (12, 0.5, 1.23e15)),
        (True, f"is TRUE or FALSE, {AS_TEXT}"),
        (MAY, A_TIME),
        (dt.datetime(2026, 5, 1, 18, 12), A_TIME),  # noqa: DTZ001  # a cell has no time zone
        (dt.time(18, 12), A_TIME),
    ],
)
def test_an_id_that_is_no_text_is_refused(read: Read, path: Path, value: object, what: str) -> None:
    """Both ids: a spreadsheet program may have changed it."""
    make(path, Orders=[["order_id", "new_order_id"], [value, "n-1"], ["o-2", value]])
    assert read() == refused(f"row 2, column A (order_id): {what}", f"row 3, column B (new_order_id): {what}")


@pytest.mark.parametrize(
    ("value", "name"),
    [(12, "12"), (0, "0"), (-3, "-3"), (7.0, "7"), (99999999999, "99999999999"), ("007", "007")],
)
def test_a_whole_number_in_a_name_is_read_as_it_is_shown(read: Read, path: Path, value: object, name: str) -> None:
    """Without the point that it is stored with; text that looks like a number is text."""
    make(path, Orders=[HEAD, ["0012", value]])
    assert read() == ([f'0012: name "{name}"'], [read_as("Orders", 1)])


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (12.5, f"is a number, {AS_TEXT}"),
        (123456789012, f"is a number, {AS_TEXT}"),
        (True, f"is TRUE or FALSE, {AS_TEXT}"),
        (MAY, A_TIME),
        *((error, excel_error(error)) for error in ("#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!")),
        ("#BEZUG!", excel_error("#BEZUG!")),  # a text
        ("1 Acacia\nAvenue", r"line break in '1 Acacia\nAvenue'; is a quote missing in this row or before it?"),
        ("=A2", NOT_STORED),
    ],
)
def test_a_name_that_is_not_what_it_seems_is_refused(read: Read, path: Path, value: object, what: str) -> None:
    """How a fraction, a large number or a date is shown depends on the format of its cell."""
    make(path, Orders=[HEAD, ACACIA, ["o-2", value]])
    assert read() == refused(f"row 3, column B (name): {what}")


@pytest.mark.parametrize(
    ("value", "what"), [("#NUM!", excel_error("#NUM!")), ('="o-2"', NOT_STORED)], ids=["error", "formula"]
)
@pytest.mark.parametrize("before", [[], [ACACIA]])
def test_a_row_of_errors_or_formulas_is_no_empty_row(
    read: Read, path: Path, before: Rows, value: str, what: str
) -> None:
    """Also at the end of the sheet, where the reader of workbooks does not see it."""
    make(path, Orders=[HEAD, *before, [value, value]])
    row = len(before) + 2
    assert read() == refused(f"row {row}, column A (order_id): {what}", f"row {row}, column B (name): {what}")


@pytest.mark.parametrize("shown_as", ["0000", "#,##0", "0%", '0" Acacia Avenue"'])
def test_a_number_that_has_a_format_is_no_name(read: Read, path: Path, shown_as: str) -> None:
    """What is shown is not what is stored: 0012, 1,200, 1200% or 12 Acacia Avenue."""
    book = make(path, Orders=[HEAD, ["o-1", 12], ["o-2", 12]])
    book["Orders"]["B2"].number_format, book["Orders"]["B3"].number_format = shown_as, "0"
    book.save(path)
    assert read() == refused(f"row 2, column B (name): {FORMATTED}")


def test_a_hidden_row_is_not_edited_unseen(read: Read, path: Path) -> None:
    """A filter hides rows; who sees three names means three."""
    book = make(path, Orders=[HEAD, ["o-1", "a"], ["o-2", "b"], ["o-3", "c"], ["", ""]])
    for row in (3, 5):
        book["Orders"].row_dimensions[row].hidden = True
    book.save(path)
    assert read() == refused(f"row 3, column A (order_id): {HIDDEN}", f"row 3, column B (name): {HIDDEN}")


def test_other_columns_may_hold_anything(read: Read, path: Path) -> None:
    """Dates, numbers, errors and formulas that we do not use are no errors."""
    remarks = [MAY, 12.5, "#N/A", "=1/0", True]
    make(path, Orders=[["Remarks", *HEAD, ""], *([remark, f"o-{n}", "a"] for n, remark in enumerate(remarks))])
    assert read() == ([f'o-{n}: name "a"' for n in range(5)], [read_as("Orders", 5)])


@pytest.mark.parametrize(
    ("calculated", "stored", "edits"),
    [
        (True, 't="str"><f>C2</f><v>1 Acacia Avenue</v>', [EDIT]),
        (True, "><f>C2</f><v>7</v>", ['o-1: name "7"']),
        (True, 't="str"><f>C2</f><v></v>', []),
        (True, 't="e"><f>C2</f><v>#DIV/0!</v>', excel_error("#DIV/0!")),
        # XlsxWriter cannot calculate, stores 0, and says in the workbook that all is to be calculated.
        (False, "><f>C2</f><v>0</v>", NOT_STORED),
    ],
    ids=["text", "number", "empty", "error", "XlsxWriter"],
)
def test_a_formula_has_its_stored_value(
    read: Read, path: Path, *, calculated: bool, stored: str, edits: list[str] | str
) -> None:
    """Unless a library has stored it that cannot calculate."""
    make(path, Orders=[HEAD, ["o-1", "=C2"]])
    if calculated:
        rewrite(path, "xl/workbook.xml", (' fullCalcOnLoad="1"', ""))
    rewrite(path, SHEET, ('<c r="B2"><f>C2</f><v />', f'<c r="B2" {stored}'))
    if isinstance(edits, str):
        assert read() == refused(f"row 2, column B (name): {edits}")
    else:
        said = read_as("Orders", 1) if edits else read_as("Orders", 0, ", 1 row without changes skipped")
        assert read() == (edits, [said])


def test_a_cell_far_away_is_an_error_instead_of_filling_the_memory(read: Read, path: Path) -> None:
    """The last cell that a sheet can have; the sheet that it is on need not be ours."""
    book = make(path, Orders=[HEAD, ACACIA], Notes=[])
    book["Notes"]["XFD1048576"] = "x"
    book.save(path)
    said = "the used range of sheet 'Notes' is 1,048,576 rows by 16,384 columns; at most 8,388,608 cells can be read"
    assert read() == ([], [f"Error: FILE: {said}"])
    assert read("--sheet", "Orders")[0] == [EDIT]


# --- Files that cannot be read ---


def document(path: Path) -> None:
    """A zip file that is no workbook."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<document/>")


def compressed_damage(path: Path) -> None:
    """A workbook with other bytes within the compressed text of its sheet."""
    data = path.read_bytes()
    start = data.index(SHEET.encode()) + 40
    path.write_bytes(data[:start] + b"\xff" * 8 + data[start + 8 :])


@pytest.mark.parametrize(
    "damage",
    [
        document,
        compressed_damage,
        lambda path: path.write_bytes(path.read_bytes()[:2000]),
        lambda path: path.write_bytes(b"PK\x03\x04" + b"x" * 100),
        lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000)),
    ],
    ids=["document", "compressed text", "cut off", "no zip", "no OLE file"],
)
def test_a_damaged_workbook_is_refused(read: Read, path: Path, damage: Callable[[Path], object]) -> None:
    """As one that cannot be read, and not as a bug of the command."""
    make(path, Orders=[HEAD, *([f"o-{number}", f"{number} Acacia Avenue"] for number in range(50))])
    damage(path)
    assert read() == ([], ["Error: FILE is damaged, or not a workbook"])


def test_a_workbook_that_grows_without_end_is_refused(read: Read, path: Path) -> None:
    """300 MB of zeros are 300 KB in a zip file."""
    make(path, Orders=[HEAD, ACACIA])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/media/a", "w") as part:
        for _ in range(300):
            part.write(bytes(10**6))
    assert read() == ([], ["Error: FILE has more than 256 MiB decompressed"])


def test_without_its_reader_the_hint_says_how_to_get_it(
    command: Command, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or how to do without it."""
    make(path, Orders=[HEAD, ACACIA])
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    assert command("edit-orders", str(path), "--dry-run").problem() == (
        f"{path} is a workbook, which needs 'python-calamine'",
        "Run pip install '.[sheets]' in the checkout, or save the sheet as \"CSV UTF-8\".",
    )


@pytest.mark.parametrize("suffix", ["xlsx", "xls", "ods"])
def test_a_password_protected_workbook_is_called_that(read: Read, path: Path, suffix: str) -> None:
    """Whatever its name ends with."""
    path.write_bytes((TABLES / f"encrypted.{suffix}").read_bytes())
    assert read() == ([], ["Error: FILE is password-protected"])


# --- .xls and .ods ---


def test_xls_is_read(read: Read) -> None:
    """It does not tell errors from empty cells, which is a warning."""
    edits, said = read(file=TABLES / "workbook.xls")
    unknown = "is empty or an error: .xls and .xlsb do not distinguish them"
    assert edits == ['o-1: name "Königstraße 3"', 'o-2: name "12"', 'o-3: new_order_id "n-3"']
    assert said == [
        f"Warning: FILE: row 4, column C (New order ID): {unknown}; save it as .xlsx (and 4 more)",
        "Warning: FILE: row 5, column B (Name): is a number; its format cannot be read from .xls and .xlsb; format it as text",
        read_as("Orders", 3, ", 1 row without changes skipped"),
    ]


# The hidden rest of a sheet is no row.
REST: Final = '<table:table-row table:number-rows-repeated="1048000" table:visibility="collapse"><table:table-cell/>'


@pytest.mark.parametrize("rest", ["", f"{REST}</table:table-row>"], ids=["as it is", "hidden rest"])
def test_ods_is_read(read: Read, path: Path, rest: str) -> None:
    """From LibreOffice, in no time; below the table people hide all that is left, a million rows."""
    rewrite(path, "content.xml", ("</table:table>", f"{rest}</table:table>"), source=TABLES / "workbook.ods")
    edits = ['o-1: name "Königstraße 3"', 'o-2: name "12"', 'o-3: new_order_id "n-3"', '0012: name "4 Harbour View"']
    begun = time.monotonic()
    assert read() == (edits, [read_as("Orders", 4)])
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        (
            'office:value-type="string" c:value-type="error" xmlns:c="urn:calcext"><text:p>#N/A</text:p>',
            excel_error("#N/A"),
        ),
        ('table:formula="of:=[.A1]">', NOT_STORED),
        (
            'office:value-type="string"><text:p>Flat<text:line-break/>2</text:p>',
            "line break, tab or ruby text in the cell; remove it",
        ),
        ('table:formula="of:=[.A1]" office:value-type="string">', NOT_STORED),
        ('office:value-type="float" office:value="12"><text:p>0012</text:p>', FORMATTED),
        ('office:value-type="date" office:date-value="2026-05-01"><text:p>1 May</text:p>', A_TIME),
    ],
    ids=["error", "formula", "line break", "text formula", "format", "date"],
)
def test_cells_of_ods_are_checked(read: Read, path: Path, cell: str, what: str) -> None:
    """Errors, formulas without a stored value, and dates are errors with their row."""
    number = 'office:value-type="float" office:value="12"><text:p>12</text:p>'
    rewrite(path, "content.xml", (number, cell), source=TABLES / "workbook.ods")
    assert read() == refused(f"row 5, column B (Name): {what}")


def test_a_hidden_row_of_ods_is_not_edited_unseen(read: Read, path: Path) -> None:
    """As a filter leaves it."""
    hidden = ("<table:table-row", '<table:table-row table:visibility="filter"')
    rewrite(path, "content.xml", hidden, source=TABLES / "workbook.ods")
    edits, said = read()
    assert (edits, "no column order_id" in said[0]) == ([], True)
