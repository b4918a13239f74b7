"""A service that is killed and started again during a bulk run: each edit ends once, as edited, and none is lost."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from bulk import names_in, numbered
from real_servers import sandbox as sandbox_process
from renames import Rename

from autoenhance.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from real_servers import Server

pytestmark = pytest.mark.thorough


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "sandbox.sqlite3"


@contextmanager
def killing(service: Server, done: Callable[[], int], *, at: list[int]) -> Iterator[None]:
    """Kill the service each time that so many edits are done, and start it again 0.2 s later."""
    is_over = threading.Event()

    def kill() -> None:
        for count in at:
            while done() < count:
                if is_over.wait(0.005):
                    return
            service.kill()
            time.sleep(0.2)
            service.start()

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def test_a_bulk_run(database: Path) -> None:
    """Killed five times during 5,000 edits, each of which has one result and its name in the database."""
    with Sandbox(db=database) as sandbox:
        wanted = numbered(sandbox, 5000)
        options = {"api_key": sandbox.api_key, "max_retries": 12, "timeout": 60}
    taken: list[None] = []
    with sandbox_process(database) as service, killing(service, taken.__len__, at=[500, 1400, 2300, 3200, 4100]):
        options["base_url"] = f"http://127.0.0.1:{service.port}"
        results = Rename("sync", in_bulk=True)(options, wanted, each=lambda: taken.append(None), rate=1000.0)
    assert sorted(results, key=str) == sorted(wanted.items(), key=str)
    with Sandbox(db=database) as sandbox:
        assert names_in(sandbox, wanted) == wanted
