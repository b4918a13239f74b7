"""The sandbox's orders, in SQLite."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from importlib.resources import files
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

# SQLite's own mark for whose database a file is: "AEsb" in ASCII.
_APPLICATION_ID = 0x41457362
_SCHEMA = "CREATE TABLE IF NOT EXISTS orders (order_id TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID"

EMPTY: Final[Mapping[str, Any]] = {"created_at": None, "images": [], "name": None}
"""What every order has."""


class IdInUseError(Exception):
    """Another order has the id that an order was to get."""


class Orders:
    """Orders in an SQLite file; it may be used from several threads."""

    def __init__(self, path: Path) -> None:
        self._lock = Lock()
        try:
            self._database = sqlite3.connect(path, check_same_thread=False)
        except sqlite3.OperationalError as error:
            raise ValueError(f"{path} cannot be opened: {error}") from error
        try:
            is_new = self._is_new()
        except sqlite3.OperationalError as error:
            self._database.close()
            raise ValueError(f"{path} cannot be used: {error}") from error
        except sqlite3.DatabaseError as error:
            self._database.close()
            raise ValueError(f"{path} is not a database of the sandbox: {error}") from error
        if is_new is None:
            self._database.close()
            raise ValueError(f"{path} is not a database of the sandbox: it holds other things")
        if is_new:
            self.reset()

    def _is_new(self) -> bool | None:
        """Whether the database was empty and is now the sandbox's; None if it is somebody else's."""
        # Nothing waits for the disk: what a rehearsal did need not survive a power failure, only the sandbox itself.
        self._database.execute("PRAGMA synchronous = OFF")
        with self._database:
            (owner,) = self._database.execute("PRAGMA application_id").fetchone()
            (things,) = self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if owner == _APPLICATION_ID:
                return False
            if things:
                return None
            self._database.execute(_SCHEMA)
            self._database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            return True

    def reset(self) -> None:
        """Put the orders back that a new sandbox has, and nothing else."""
        seeds = json.loads(files("autoenhance.sandbox").joinpath("orders.json").read_text(encoding="utf-8"))
        with self._lock, self._database:
            self._database.execute("DELETE FROM orders")
            for order in seeds:
                self._write(order)

    def ids(self) -> list[str]:
        """Every order's id, the oldest order first."""
        query = "SELECT order_id FROM orders ORDER BY json_extract(document, '$.created_at'), order_id"
        with self._lock, closing(self._database.execute(query)) as rows:
            return [order_id for (order_id,) in rows]

    def get(self, order_id: str) -> dict[str, Any] | None:
        """One order as the service would send it, None if there is none with this id."""
        with self._lock:
            return self._read(order_id)

    def add(self, order: Mapping[str, Any]) -> None:
        """Add an order, or replace the one with its id."""
        with self._lock, self._database:
            self._write(order)

    def add_missing(self, order_ids: Iterable[str]) -> None:
        """Add an empty order for each id that no order has: all of them, or none.

        Raises:
            ValueError: If an id is empty.
        """
        with self._lock, self._database:
            self._database.executemany("INSERT OR IGNORE INTO orders VALUES (?, ?)", map(_empty, order_ids))

    def edit(self, order_id: str, changes: Mapping[str, Any]) -> dict[str, Any] | None:
        """Change an order and return it, None if there is none with this id.

        Raises:
            IdInUseError: If it was to get the id of another one.
        """
        with self._lock, self._database:
            # Another sandbox on the same file must not move the order between the reading and the writing.
            self._database.execute("BEGIN IMMEDIATE")
            order = self._read(order_id)
            if order is None:
                return None
            new_id = changes.get("order_id", order_id)
            if new_id != order_id:
                if self._read(new_id) is not None:
                    raise IdInUseError(new_id)
                self._database.execute("DELETE FROM orders WHERE order_id = ?", (order_id,))
                for image in order.get("images") or []:
                    image["order_id"] = new_id
            now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            order |= {"order_id": new_id, "last_updated_at": now}
            order |= {key: value for key, value in changes.items() if key == "name"}
            self._write(order)
            return order

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _read(self, order_id: str) -> dict[str, Any] | None:
        row = self._database.execute("SELECT document FROM orders WHERE order_id = ?", (order_id,)).fetchone()
        order: dict[str, Any] | None = json.loads(row[0]) if row else None
        return order

    def _write(self, order: Mapping[str, Any]) -> None:
        # json's own escapes keep even half a surrogate pair, which SQLite's text cannot hold.
        row = (order["order_id"], json.dumps(order))
        self._database.execute("INSERT OR REPLACE INTO orders VALUES (?, ?)", row)


def _empty(order_id: str) -> tuple[str, str]:
    if not order_id:
        raise ValueError("an order needs an 'order_id'")
    return order_id, json.dumps({**EMPTY, "order_id": order_id})
