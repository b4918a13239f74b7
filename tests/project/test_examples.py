"""What stands under examples/ runs, and does what it says."""

from __future__ import annotations

import json
import os
import re
import runpy
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from terminal import environment

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


def on_dask(sandbox: Sandbox, folder: Path, rate: int) -> subprocess.Popen[str]:
    """Start the example on a table with a new name for each order: four shards on two workers."""
    table = folder / "orders.csv"
    table.write_text("order_id,name\n" + "".join(f"{order_id},{name}\n" for order_id, name in NAMES.items()), "utf-8")
    # Without the warnings of others as errors.
    env = environment(AUTOENHANCE_API_KEY=sandbox.api_key, AUTOENHANCE_BASE_URL=sandbox.url, PYTHONWARNINGS="default")
    options = ["--workers", "2", "--shards", "4", "--rate", str(rate)]
    command = [sys.executable, str(EXAMPLES / "edit_on_dask.py"), str(table), *options]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def edited(sandbox: Sandbox, folder: Path) -> list[dict[str, str]]:
    """The results of all shards, once every order has its new name."""
    assert {order_id: (sandbox.order(order_id) or {})["name"] for order_id in NAMES} == NAMES
    files = [folder / f"orders.csv.{shard}-of-4.results.jsonl" for shard in SHARDS]
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]


@pytest.mark.tools
@pytest.mark.slow
def test_a_cluster_edits_every_order_once_and_below_one_rate(service: Sandbox, tmp_path: Path) -> None:
    """The workers share the rate; each order is in the results of one shard."""
    with on_dask(service, tmp_path, rate=60) as running:
        out, err = running.communicate(timeout=120)
    assert running.returncode == 0, err
    assert sorted(out.splitlines()) == [f"Shard {shard}/4: exit status 0" for shard in SHARDS]
    results = edited(service, tmp_path)
    assert sorted(result["order_id"] for result in results) == sorted(NAMES)
    ended = sorted(datetime.fromisoformat(result["finished_at"]) for result in results)
    # The clock of the results, not of this test: the cluster takes its time to start.
    assert (ended[-1] - ended[0]).total_seconds() > (len(NAMES) - 10) / 60 / 1.1
    assert service.api_key not in out + err


@pytest.mark.tools
@pytest.mark.slow
def test_a_worker_that_dies_costs_no_edit(service: Sandbox, tmp_path: Path) -> None:
    """Dask gives its shard to another, which resumes it."""
    import psutil

    with on_dask(service, tmp_path, rate=40) as running:
        until = time.monotonic() + 60
        while time.monotonic() < until and sum(f.stat().st_size for f in tmp_path.glob("*.jsonl")) < 2000:
            time.sleep(0.05)
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


def test_the_generated_package_alone_edits_an_order(
    sandbox: Sandbox, generated_only: Callable[..., tuple[object, str, str]]
) -> None:
    """The order gets its new name, and the example prints typed fields of the response, null ones included."""
    with_images, _, without_images = sandbox.order_ids
    assert generated_only(with_images) == (0, "12 Acacia Avenue: 3 of 4 images processed\n", "")
    assert generated_only(without_images) == (0, "12 Acacia Avenue: 0 of 0 images processed\n", "")
    assert (sandbox.order(with_images) or {})["name"] == "12 Acacia Avenue"


def test_the_generated_package_alone_prints_an_error_response(
    sandbox: Sandbox, generated_only: Callable[..., tuple[object, str, str]]
) -> None:
    """The status and the message of a documented error, the body of another status; exit status 1, and no key."""
    assert generated_only("nope") == (1, "", "404 Not Found\n")
    assert generated_only("harbour-view-7", "planted-key") == (1, "", "401 Unauthorized\n")
    sandbox.answer_next(418, body=b"tea")
    assert generated_only("harbour-view-7") == (1, "", "418 b'tea'\n")


def test_the_generated_package_alone_is_without_the_facade() -> None:
    """What the example shows needs only `autoenhance_api` and httpx."""
    imported = re.findall(r"^(?:from|import) (\w+)", GENERATED_ONLY.read_text("utf-8"), re.MULTILINE)
    assert set(imported) - set(sys.stdlib_module_names) == {"autoenhance_api", "httpx"}
