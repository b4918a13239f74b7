"""The programs of examples/ run, and do what they say."""

from __future__ import annotations

import os
import re
import runpy
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from bulk import names_in, results_in, rows_of, wait_for, write_table
from terminal import environment, started

from autoenhance.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
GENERATED_ONLY = EXAMPLES / "generated_only.py"
NAMES = {f"order-{number}": f"name {number}" for number in range(120)}
SHARDS = (1, 2, 3, 4)


@pytest.fixture
def service() -> Iterator[Sandbox]:
    with Sandbox(rate_limit=None) as sandbox:
        sandbox.add_orders(NAMES)
        yield sandbox


def on_dask(sandbox: Sandbox, folder: Path, rate: int) -> Any:
    """Start the example on a table with a new name for each order: four shards on two workers."""
    table = write_table(folder / "orders.csv", *rows_of(NAMES))
    # Without other libraries' warnings as errors.
    env = environment(AUTOENHANCE_API_KEY=sandbox.api_key, AUTOENHANCE_BASE_URL=sandbox.url, PYTHONWARNINGS="default")
    command = [sys.executable, str(EXAMPLES / "edit_on_dask.py"), table, "--workers=2", "--shards=4", f"--rate={rate}"]
    return started(command=command, env=env)


def edited(sandbox: Sandbox, folder: Path) -> list[dict[str, Any]]:
    """The results of all shards; every order must have its new name."""
    assert names_in(sandbox, NAMES) == NAMES
    files = [folder / f"orders.csv.{shard}-of-4.results.jsonl" for shard in SHARDS]
    return [result for file in files for result in results_in(file)]


@pytest.mark.tools
@pytest.mark.slow
def test_a_cluster_edits_every_order_once(service: Sandbox, tmp_path: Path) -> None:
    """Its workers share the rate limit; each order is in the results of one shard."""
    with on_dask(service, tmp_path, rate=60) as running:
        out, err = running.communicate(timeout=120)
    assert running.returncode == 0, err
    assert sorted(out.splitlines()) == [f"Shard {shard}/4: exit status 0" for shard in SHARDS]
    results = edited(service, tmp_path)
    assert sorted(result["order_id"] for result in results) == sorted(NAMES)
    ended = sorted(datetime.fromisoformat(result["finished_at"]) for result in results)
    # By the clock of the results: a cluster takes time to start.
    assert (ended[-1] - ended[0]).total_seconds() > (len(NAMES) - 10) / 60 / 1.1
    assert service.api_key not in out + err


@pytest.mark.tools
@pytest.mark.slow
def test_a_worker_that_dies_loses_no_edit(service: Sandbox, tmp_path: Path) -> None:
    """Dask gives its shard to another, which resumes it."""
    import psutil

    with on_dask(service, tmp_path, rate=40) as running:
        wait_for(lambda: sum(file.stat().st_size for file in tmp_path.glob("*.jsonl")) > 2000, seconds=60)
        children = psutil.Process(running.pid).children(recursive=True)
        workers = [child.pid for child in children if any("spawn_main" in part for part in child.cmdline())]
        os.kill(min(workers), signal.SIGKILL)
        _, err = running.communicate(timeout=120)
    assert running.returncode == 0, err
    assert {result["order_id"] for result in edited(service, tmp_path)} == {*NAMES}


@pytest.fixture
def generated_only(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[object, str, str]]:
    """Runs the example; returns its exit status, standard output and standard error."""
    monkeypatch.setenv("AUTOENHANCE_BASE_URL", sandbox.url)

    def run(order_id: str, api_key: str = sandbox.api_key) -> tuple[object, str, str]:
        monkeypatch.setenv("AUTOENHANCE_API_KEY", api_key)
        monkeypatch.setattr("sys.argv", [str(GENERATED_ONLY), order_id, "12 Acacia Avenue"])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(GENERATED_ONLY), run_name="__main__")
        return (ended.value.code, *capsys.readouterr())

    return run


def test_the_generated_package_alone(sandbox: Sandbox, generated_only: Callable[..., object]) -> None:
    """It edits an order and prints fields of the response, also null ones; of an error, its status and message."""
    with_images, _, without_images = sandbox.order_ids
    assert generated_only(with_images) == (0, "12 Acacia Avenue: 3 of 4 images processed\n", "")
    assert generated_only(without_images) == (0, "12 Acacia Avenue: 0 of 0 images processed\n", "")
    assert (sandbox.order(with_images) or {})["name"] == "12 Acacia Avenue"
    assert generated_only("nope") == (1, "", "404 Not Found\n")
    assert generated_only("harbour-view-7", "planted-key") == (1, "", "401 Unauthorized\n")
    sandbox.answer_next(418, body=b"tea")
    assert generated_only("harbour-view-7") == (1, "", "418 b'tea'\n")
    imported = re.findall(r"^(?:from|import) (\w+)", GENERATED_ONLY.read_text("utf-8"), re.MULTILINE)
    assert set(imported) - set(sys.stdlib_module_names) == {"autoenhance_api", "httpx"}
