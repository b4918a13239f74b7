"""The sandbox's orders, in SQLite."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from importlib.resources import files
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

# SQLite's application id, which marks a database as the sandbox's: "AEsb" in ASCII.
_APPLICATION_ID = 0x41457362
_SCHEMA = "CREATE TABLE IF NOT EXISTS orders (order_id TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID"

EMPTY: Final[Mapping[str, Any]] = {"created_at": None, "images": [], "name": None}
"""The fields that every order has, besides `order_id`."""
_MAX_SEGMENT_LENGTH: Final = 60_000  # uvicorn refuses a request line and headers of more than 64 KiB


class IdInUseError(Exception):
    """The new id of an order is that of another order."""


def is_reachable(order_id: object) -> bool:
    """Return whether a request can name an order by this id: as one path segment, which clients do not change."""
    if not isinstance(order_id, str) or order_id in {"", ".", ".."} or "/" in order_id:
        return False
    try:
        return len(quote(order_id, safe="")) <= _MAX_SEGMENT_LENGTH
    except UnicodeEncodeError:
        return False  # a lone surrogate


class Orders:
    """The orders in an SQLite file. It is thread-safe."""

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
            raise ValueError(f"{path} is not a database of the sandbox: it has other tables")
        if is_new:
            self.reset()

    def _is_new(self) -> bool | None:
        """Create the table if the database is empty, and return whether it was; None if it is not a sandbox's."""
        # Faster, because the orders need to survive the end of the process, but not a power failure.
        self._database.execute("PRAGMA synchronous = OFF")
        with self._database:
            (application_id,) = self._database.execute("PRAGMA application_id").fetchone()
            (objects,) = self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if application_id == _APPLICATION_ID:
                return False
            if objects:
                return None
            self._database.execute(_SCHEMA)
            self._database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            return True

    def reset(self) -> None:
        """Replace all orders by those of a new sandbox."""
        initial_orders = json.loads(files("autoenhance.sandbox").joinpath("orders.json").read_text(encoding="utf-8"))
        with self._lock, self._database:
            self._database.execute("DELETE FROM orders")
            for order in initial_orders:
                self._write(order)

    def ids(self) -> list[str]:
        """Return the ids of all orders, the oldest order first."""
        query = "SELECT order_id FROM orders ORDER BY json_extract(document, '$.created_at'), order_id"
        with self._lock, closing(self._database.execute(query)) as rows:
            return [order_id for (order_id,) in rows]

    def get(self, order_id: str) -> dict[str, Any] | None:
        """Return an order as the service would send it; None if there is no order with this id."""
        with self._lock:
            return self._read(order_id)

    def add(self, order: Mapping[str, Any]) -> None:
        """Add an order, or replace the one with its id.

        Raises:
            ValueError: If the id is not reachable.
        """
        _check_id(order.get("order_id"))
        with self._lock, self._database:
            self._write(order)

    def add_missing(self, order_ids: Iterable[str]) -> None:
        """Add an empty order for each id that no order has, all or none.

        Raises:
            ValueError: If an id is not reachable.
        """
        with self._lock, self._database:
            self._database.executemany("INSERT OR IGNORE INTO orders VALUES (?, ?)", map(_empty_order, order_ids))

    def edit(self, order_id: str, changes: Mapping[str, Any]) -> dict[str, Any] | None:
        """Set fields of an order and return it; None if there is no order with this id.

        Raises:
            IdInUseError: If the new id is that of another order.
            ValueError: If a number is infinite or NaN, and so not JSON.
        """
        with self._lock, self._database:
            # Another sandbox on the same file must not change the order between reading and writing.
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
            order |= {"last_updated_at": now, **changes, "order_id": new_id}
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
        # JSON escapes keep even a lone surrogate, which SQLite text cannot.
        values = (order["order_id"], json.dumps(order, allow_nan=False))
        self._database.execute("INSERT OR REPLACE INTO orders VALUES (?, ?)", values)


def _empty_order(order_id: str) -> tuple[str, str]:
    _check_id(order_id)
    return order_id, json.dumps({**EMPTY, "order_id": order_id})


def _check_id(order_id: object) -> None:
    if not is_reachable(order_id):
        raise ValueError(
            f"order_id {order_id!r:.80}: not a path segment that a request can name; "
            "use text without '/' that is not empty, '.' or '..'"
        )
