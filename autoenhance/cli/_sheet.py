"""All rows of one file, checked, on disk: memory stays as it is however many there are."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from autoenhance._params import BY_KEYWORD
from autoenhance.cli._decoding import name_of, no_room, open_text
from autoenhance.cli._problems import CommandError
from autoenhance.cli._rows import Fault, Row, Table, read_table
from autoenhance.cli._text import shown
from autoenhance.cli._values import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MOST_FAULTS: Final = 20
"""So many are kept; the others are counted."""
# The same changes are the same text, whatever the order of their columns.
_ENCODER: Final = json.JSONEncoder(sort_keys=True)
_SHARD: Final = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,8})")
# Nobody needs it after the run. What is sorted for an index is on disk, too.
_SETTINGS: Final = (
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA temp_store = FILE",
    "PRAGMA cache_size = -8192",
)
_TABLE: Final = """
    CREATE TABLE {} (
        position INTEGER PRIMARY KEY, line, order_id TEXT, new_order_id TEXT, changes TEXT, other TEXT, finished DEFAULT 0
    )
"""
_INSERT: Final = "INSERT INTO row (line, order_id, new_order_id, changes, other) VALUES (?, ?, ?, ?, ?)"
# Made when all rows are there: to keep an index up to date row by row costs many times as much.
_INDEX: Final = "CREATE INDEX by_id ON row (order_id, line)"
_CLASHES: Final = (
    "CREATE INDEX by_new_id ON row (new_order_id, line) WHERE new_order_id <> order_id",
    "CREATE TABLE clash (line, kind, id, other)",
    """
    INSERT INTO clash SELECT line, 0, order_id, first
    FROM (SELECT order_id, min(line) AS first FROM row GROUP BY order_id HAVING count(*) > 1)
    JOIN row USING (order_id) WHERE line > first
    """,
    """
    INSERT INTO clash SELECT line, 1, new_order_id, first
    FROM (SELECT line, new_order_id, (SELECT min(line) FROM row AS owner WHERE owner.order_id = row.new_order_id) AS first
          FROM row WHERE new_order_id <> order_id)
    WHERE first IS NOT NULL
    """,
    """
    INSERT INTO clash SELECT line, 2, new_order_id, first
    FROM (SELECT new_order_id, min(line) AS first FROM row WHERE new_order_id <> order_id
          GROUP BY new_order_id HAVING count(*) > 1)
    JOIN row USING (new_order_id) WHERE new_order_id <> order_id AND line > first
    """,
)
_WHAT: Final = (
    ("order_id", "it is {}, as on line {}; an order can be in a file once"),
    ("new_order_id", "it is {}, which is the order on line {}; give an id that no other row has"),
    ("new_order_id", "it is {}, as on line {}; give an id that no other row has"),
)
# Shards are counted by position, so that there may be no gaps.
_DROP_CLASHING: Final = (
    _TABLE.format("good"),
    """
    INSERT INTO good (line, order_id, new_order_id, changes, other)
    SELECT line, order_id, new_order_id, changes, other FROM row
    WHERE line NOT IN (SELECT line FROM clash) ORDER BY position
    """,
    "DROP TABLE row",
    "ALTER TABLE good RENAME TO row",
    _INDEX,
)
_FIRST_CLASHES: Final = "SELECT line, kind, id, other FROM clash ORDER BY line, kind LIMIT ?"
_SETTLE: Final = "UPDATE row SET finished = ? AND changes IS ? WHERE order_id = ?"
_ROWS: Final = """
    SELECT line, order_id, changes, other FROM row
    WHERE position % ? = ? AND finished = ? ORDER BY position
"""
_COUNT: Final = "SELECT count(*) FROM row WHERE position % ? = ? AND finished = ?"


@dataclass(frozen=True, slots=True)
class Shard:
    """Every so many-th row, beginning with the number-th."""

    number: int
    of: int


def parse_shard(text: str) -> Shard:
    """What --shard says.

    Raises:
        CommandError: If it says nothing of the kind.
    """
    found = _SHARD.fullmatch(text)
    if not found or int(found[1]) > int(found[2]):
        raise CommandError(f"--shard is {text!r}.", "Give K/N with K from 1 to N, such as 2/8.")
    return Shard(int(found[1]), int(found[2]))


class Sheet:
    """The good rows of a file, and its faults.

    Attributes:
        name: What the file is called where people read of it.
        form: How it is written, for people.
        count: How many rows are good.
        faults: The first `MOST_FAULTS` of its faults, in the order of the file.
        fault_count: How many faults there are.
    """

    def __init__(self, source: str, database: sqlite3.Connection) -> None:
        self.name = name_of(source)
        self.form = ""
        self.count = 0
        self.faults: list[Fault] = []
        self.fault_count = 0
        self._database = database

    @classmethod
    def read(cls, source: str, *, longest_name: int) -> Self:
        """Read a file to its end, and check it.

        Args:
            source: Its path, or "-" for standard input.
            longest_name: How many characters a name may have.

        Raises:
            CommandError: If it cannot be read, or there is no room for its rows.
        """
        # A file without a name, which SQLite removes. Its rows may be taken, one at a time, in any thread.
        sheet = cls(source, sqlite3.connect("", isolation_level=None, check_same_thread=False))
        try:
            with _storing(), open_text(source) as text:
                table = read_table(text.lines, longest_name=longest_name)
                sheet.form = f"{table.form}, {text.encoding}"
                sheet._store(table)
        except BaseException:
            sheet.close()
            raise
        return sheet

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove what is on disk."""
        self._database.close()

    def settle(self, order_id: str, changes: Mapping[str, Any], *, done: bool) -> None:
        """Take in what an earlier run says of an order, in the order in which it was said: the latest counts.

        Args:
            order_id: The order.
            changes: What was to be set, by keyword.
            done: Whether it was edited.

        Raises:
            CommandError: If there is no room to note it down.
        """
        # Half of a surrogate pair in an id: whatever was done with it, it is nothing that a row asks for.
        with _storing(), suppress(UnicodeEncodeError):
            self._database.execute(_SETTLE, (done, _as_text(changes), order_id))

    def pending(self, shard: Shard | None = None) -> Iterator[Row]:
        """The rows that are not finished, in the order of the file, read as they are asked for."""
        found = self._select(_ROWS, shard, finished=False)
        for line, order_id, text, other in found:
            changes = json.loads(text)
            values = {keyword: read_json(BY_KEYWORD[keyword], value) for keyword, value in changes.items()}
            yield Row(order_id, line=line, changes=changes, other=json.loads(other) if other else {}, **values)

    def pending_count(self, shard: Shard | None = None) -> int:
        """How many rows are not finished."""
        return self._count(shard, finished=False)

    def done_count(self, shard: Shard | None = None) -> int:
        """How many rows are finished."""
        return self._count(shard, finished=True)

    def _count(self, shard: Shard | None, *, finished: bool) -> int:
        ((count,),) = self._select(_COUNT, shard, finished=finished)
        return int(count)

    def _select(self, query: str, shard: Shard | None, *, finished: bool) -> Iterator[Any]:
        number, of = (shard.number, shard.of) if shard else (1, 1)
        with _storing():
            yield from self._database.execute(query, (of, number % of, finished))

    def _store(self, table: Table) -> None:
        for setting in _SETTINGS:
            self._database.execute(setting)
        # There is no end to it: nothing here is meant to last.
        for statement in ("BEGIN", _TABLE.format("row")):
            self._database.execute(statement)
        self._database.executemany(_INSERT, self._good(table.rows))
        for statement in (_INDEX, *_CLASHES):
            self._database.execute(statement)
        ((clashes,),) = self._database.execute("SELECT count(*) FROM clash")
        if clashes:
            self.fault_count += clashes
            found = self._database.execute(_FIRST_CLASHES, (MOST_FAULTS,))
            for line, kind, order_id, other in found:
                column, what = _WHAT[kind]
                self.faults.append(Fault(line, table.labels[column], what.format(shown(order_id), other)))
            # Those of the rows by themselves were in order, and so were these.
            self.faults = sorted(self.faults, key=lambda fault: fault.line)[:MOST_FAULTS]
            for statement in _DROP_CLASHING:
                self._database.execute(statement)
        ((self.count,),) = self._database.execute("SELECT count(*) FROM row")

    def _good(self, rows: Iterable[Row | Fault]) -> Iterator[tuple[int, str, str | None, str, str | None]]:
        for row in rows:
            if isinstance(row, Fault):
                self.fault_count += 1
                if len(self.faults) < MOST_FAULTS:
                    self.faults.append(row)
                continue
            other = json.dumps(row.other) if row.other else None
            yield row.line, row.order_id, row.changes.get("new_order_id"), _as_text(row.changes), other


def _as_text(changes: Mapping[str, Any]) -> str:
    return _ENCODER.encode(changes)


@contextmanager
def _storing() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise no_room(error) from None
