"""Read the rows of a workbook with python-calamine, and the error cells, which it does not report, from the file."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from contextlib import suppress
from functools import reduce
from itertools import islice, product
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from xml.etree import ElementTree as ET

from autoenhance.cli._error_messages import CommandError
from autoenhance.cli._header import HIDDEN, CellError, FormattedNumber, HeaderError, RawRow, RowError, find_header
from autoenhance.cli._text import join_or, quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from autoenhance.cli._header import Header

_MAX_BYTES: Final = 2**28
"""The largest size of a workbook when decompressed."""
_MAX_CELLS: Final = 2**23
"""The largest used range: python-calamine allocates every cell of it, even empty ones."""
_FORMATTED: Final = "a formatted number"
_ODS: Final = "content.xml"
_XLSX: Final = "xl/workbook.xml"
_NOT_STORED: Final = "formula without a stored value; open and save the workbook in the spreadsheet program"
_ERROR: Final = "'{}' is an error of the spreadsheet program; correct the cell"
# The FilePass record of an encrypted .xls.
_FILEPASS: Final = re.compile(rb"\x2f\x00[\x02\x04\x06\x36\xc8\xca]\x00")
_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, ET.ParseError, EOFError, KeyError, OSError, RuntimeError, ValueError)
"""What reading a damaged file, or one that is not a workbook, raises."""
_SAVE: Final = "Save it as a workbook (.xlsx) in the spreadsheet program."


class Worksheet(NamedTuple):
    """The sheet of a workbook that has edits."""

    name: str
    header: Header
    rows: Iterator[RawRow | RowError]
    hides_errors: bool
    """Whether error cells are read as empty."""


def read_workbook(data: bytes, name: str, sheet_name: str | None) -> Worksheet:
    """Read the sheet that has edits.

    Args:
        data: The bytes of the workbook.
        name: The name of the file in messages.
        sheet_name: The name of the sheet; None for the only one with a valid header.

    Raises:
        CommandError: If the workbook cannot be read, or has no such sheet, or more than one.
        HeaderError: If no sheet has a valid header.
    """
    try:
        from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum
    except ModuleNotFoundError:
        hint = "Run pip install '.[sheets]' in the checkout, or save the sheet as \"CSV UTF-8\"."
        raise CommandError(f"{name} is a workbook, which needs 'python-calamine'", hint) from None
    try:
        archive = _archive(data, name)
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [sheet for sheet in workbook.sheets_metadata if sheet.typ is SheetTypeEnum.WorkSheet]
        names = [
            sheet.name for sheet in sheets if sheet.visible is SheetVisibleEnum.Visible or sheet.name == sheet_name
        ]
        if not names:
            raise CommandError(f"{name} has no worksheet", _SAVE)
        if sheet_name is not None and sheet_name not in names:
            raise CommandError(
                f"{name} has no sheet {quote(sheet_name)}", f"Give --sheet {join_or([*map(quote, names)])}."
            )
        # One at a time, so that a sheet without edits does not stay in memory.
        grids = (
            (sheet, _rows(workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False), errors))
            for sheet in (names if sheet_name is None else [sheet_name])
            for errors in [_errors_in(archive, name, sheet)]
        )
        return _only_sheet(grids, name, hides_errors=archive is None)
    except (CalamineError, *_DAMAGED):
        if _is_encrypted(data):
            raise CommandError(f"{name} is password-protected", "Save it without a password.") from None
        raise CommandError(f"{name} is damaged, or not a workbook", _SAVE) from None


def _is_encrypted(data: bytes) -> bool:
    """Return whether a file that could not be read is an encrypted workbook."""
    if data.startswith(b"PK"):
        with suppress(*_DAMAGED), zipfile.ZipFile(io.BytesIO(data)) as archive:
            return b":encryption-data" in archive.read("META-INF/manifest.xml")
        return False
    return "EncryptedPackage".encode("utf-16-le") in data or _FILEPASS.search(data) is not None


def _archive(data: bytes, name: str) -> zipfile.ZipFile | None:
    """Open the ZIP archive of a workbook to find its error cells; None for .xls and .xlsb."""
    if not data.startswith(b"PK"):
        return None
    archive = zipfile.ZipFile(io.BytesIO(data))
    if sum(part.file_size for part in archive.infolist()) > _MAX_BYTES:
        raise CommandError(f"{name} has more than {_MAX_BYTES // 2**20} MiB decompressed", _SAVE)
    return None if {_ODS, _XLSX}.isdisjoint(archive.namelist()) else archive


def _only_sheet(grids: Iterable[tuple[str, Iterator[RawRow]]], name: str, *, hides_errors: bool) -> Worksheet:
    sheets: list[Worksheet] = []
    errors: list[RowError] = []
    for sheet, cells in grids:
        try:
            sheets.append(Worksheet(sheet, *find_header(cells), hides_errors))
        except HeaderError as error:
            errors += [each._replace(message=f"sheet {quote(sheet)}: {each.message}") for each in error.errors]
    if len(sheets) > 1:
        candidates = join_or([quote(sheet.name) for sheet in sheets])
        raise CommandError(f"{name} has more than one sheet of edits", f"Give --sheet {candidates}.")
    if not sheets:
        raise HeaderError(*errors)
    return sheets[0]


def _rows(rows: list[list[Any]], errors: Mapping[int, Mapping[int, str]]) -> Iterator[RawRow]:
    rows += ([] for _ in range(max(errors, default=0) - len(rows)))
    for number, row in enumerate(rows, 1):
        values = [int(value) if type(value) is float and value.is_integer() else value for value in row]
        for column, problem in errors.get(number, {}).items():
            values += [""] * (column - len(values))
            if problem is HIDDEN:
                values = [value if value == "" else CellError(problem) for value in values]
            elif problem is not _FORMATTED:
                values[column - 1] = CellError(problem)
            elif type(value := values[column - 1]) is int:
                values[column - 1] = FormattedNumber(value)
        yield RawRow(number, number, values)


def _errors_in(archive: zipfile.ZipFile | None, name: str, sheet: str) -> dict[int, dict[int, str]]:
    """Return what is wrong with the cells of a sheet, by row and column, from 1; nothing for .xls and .xlsb.

    Raises:
        CommandError: If the used range is too large.
    """
    errors: dict[int, dict[int, str]] = {}
    if archive is None:
        return errors
    is_ods, rows, columns = _ODS in archive.namelist(), 0, 0
    with archive.open(_ODS if is_ods else _part_of(archive, sheet)) as xml:
        for row, column, problem in (
            _ods_cells(xml, sheet)
            if is_ods
            else _xlsx_cells(xml, _plain_styles(archive), has_values=_has_values(archive))
        ):
            rows, columns = max(rows, row), max(columns, column)
            if problem:
                errors.setdefault(row, {})[column] = problem
    if rows * columns > _MAX_CELLS:
        used_range = f"the used range of sheet {quote(sheet)} is {rows:,} rows by {columns:,} columns"
        raise CommandError(
            f"{name}: {used_range}; at most {_MAX_CELLS:,} cells can be read",
            "Delete the rows and columns that are not part of the table.",
        )
    return errors


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    # expat limits the expansion of entities.
    links = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    for element in ET.fromstring(archive.read(_XLSX)).iter():  # noqa: S314
        if _local(element.tag) == "sheet" and element.get("name") == sheet:
            target = targets[_attribute(element, "id")]
            return target[1:] if target.startswith("/") else f"xl/{target}"
    raise KeyError(sheet)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _has_values(archive: zipfile.ZipFile) -> bool:
    """Return whether formulas have values: libraries store placeholders, and ask for a calculation on load."""
    book = ET.fromstring(archive.read(_XLSX))  # noqa: S314
    return not any(_attribute(element, "fullCalcOnLoad") in {"1", "true"} for element in book.iter())


def _plain_styles(archive: zipfile.ZipFile) -> set[str]:
    """Return the indexes of the styles that display a number as it is."""
    with suppress(KeyError):
        for element in ET.fromstring(archive.read("xl/styles.xml")):  # noqa: S314
            if _local(element.tag) == "cellXfs":
                # The number formats General, 0 and text.
                return {str(number) for number, xf in enumerate(element) if xf.get("numFmtId", "0") in {"0", "1", "49"}}
    return {"0"}


def _xlsx_cells(xml: Any, plain_styles: set[str], *, has_values: bool) -> Iterator[tuple[int, int, str]]:
    """Yield the row and column of each non-empty cell, and what is wrong with it."""
    row = 0
    for _, element in ET.iterparse(xml):  # noqa: S314
        if _local(element.tag) != "row":
            continue
        row, column = int(element.get("r", row + 1)), 0
        if len(element) and element.get("hidden") in {"1", "true"}:
            yield row, 0, HIDDEN
        for cell in element:
            reference = cell.get("r", "")
            column_letters = reference.rstrip("0123456789")
            row = int(reference[len(column_letters) :] or row)
            column = reduce(lambda number, letter: number * 26 + ord(letter) - 64, column_letters, 0) or column + 1
            parts = {_local(part.tag): part.text or "" for part in cell}
            if cell.get("t") == "e":
                yield row, column, _ERROR.format(parts.get("v", ""))
            elif parts:
                is_stored = "f" not in parts or (
                    has_values and (parts.get("v") or (cell.get("t") == "str" and "v" in parts))
                )
                is_plain = cell.get("t", "n") != "n" or cell.get("s", "0") in plain_styles
                yield row, column, _NOT_STORED if not is_stored else "" if is_plain else _FORMATTED
        element.clear()


def _ods_cells(xml: Any, sheet: str) -> Iterator[tuple[int, int, str]]:
    """Yield the row and column of each non-empty cell, and what is wrong with it."""
    is_ours, row = False, 0
    for event, element in ET.iterparse(xml, ("start", "end")):  # noqa: S314
        tag = _local(element.tag)
        if event == "start" and tag == "table":
            is_ours, row = _attribute(element, "name") == sheet, 0
        elif event == "end" and tag == "table-row":
            repeated, column = int(_attribute(element, "number-rows-repeated", "1")), 0
            # A hidden row without values may be repeated a million times.
            has_values = any(_local(name) == "value-type" for cell in element for name in cell.keys())  # noqa: SIM118
            if is_ours and has_values and _attribute(element, "visibility", "visible") != "visible":
                yield from ((row + down, 0, HIDDEN) for down, _ in _area(repeated, 1))
            for cell in element if is_ours else ():
                width = int(_attribute(cell, "number-columns-repeated", "1"))
                # The attribute of OpenDocument, and that of LibreOffice, which alone marks errors.
                kinds = [value for name, value in cell.items() if _local(name) == "value-type"]
                if problem := _ods_error(cell, kinds):
                    yield from ((row + down, column + right, problem) for down, right in _area(repeated, width))
                elif kinds:
                    yield row + repeated, column + width, ""
                column += width
            row += repeated
            element.clear()


def _ods_error(cell: ET.Element, kinds: list[str]) -> str:
    text = next((part.text or "" for part in cell if _local(part.tag) == "p"), "")
    if "error" in kinds:
        return _ERROR.format(text)
    if any(_local(part.tag) in {"line-break", "tab", "ruby"} for part in cell.iter()):
        return "line break, tab or ruby text in the cell; remove it"
    if (value := _attribute(cell, "value")) and value != text:
        return _FORMATTED
    is_stored = kinds and (len(cell) or "string" not in kinds)
    return "" if is_stored or not _attribute(cell, "formula") else _NOT_STORED


def _area(rows: int, columns: int) -> Iterator[tuple[int, int]]:
    return islice(product(range(1, rows + 1), range(1, columns + 1)), _MAX_CELLS)


def _attribute(element: ET.Element, name: str, default: str = "") -> str:
    return next((value for full, value in element.items() if _local(full) == name), default)
