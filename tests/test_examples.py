"""What stands under examples/ runs, and does what it says."""

from __future__ import annotations

import json
import os
import re
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
    from collections.abc import Iterator

EXAMPLES = Path(__file__).parent.parent / "examples"
ON_DASK = EXAMPLES / "edit_on_dask.py"
GENERATED_ONLY = EXAMPLES / "generated_only.py"
ROWS = 120
RATE = 60.0


@pytest.fixture
def service() -> Iterator[Sandbox]:
    with Sandbox(rate_limit=None) as sandbox:
        sandbox.add_orders(f"order-{number}" for number in range(ROWS))
        yield sandbox


def start(sandbox: Sandbox, table: Path, *arguments: str) -> subprocess.Popen[str]:
    # Without the warnings of others as errors.
    env = environment(AUTOENHANCE_API_KEY=sandbox.api_key, AUTOENHANCE_BASE_URL=sandbox.url, PYTHONWARNINGS="default")
    command = [sys.executable, str(ON_DASK), str(table), "--workers", "2", "--shards", "4", *arguments]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def results(table: Path) -> list[dict[str, str]]:
    files = sorted(table.parent.glob("*.results.jsonl"))
    assert [file.name for file in files] == [f"{table.name}.{number}-of-4.results.jsonl" for number in (1, 2, 3, 4)]
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]


@pytest.mark.tools
@pytest.mark.slow
def test_a_cluster_edits_every_order_once_and_below_one_rate(service: Sandbox, tmp_path: Path) -> None:
    """Four shards on two workers, which share the rate; each order is in the results of one shard."""
    table = tmp_path / "orders.csv"
    table.write_text("order_id,name\n" + "".join(f"order-{n},name {n}\n" for n in range(ROWS)), "utf-8")
    with start(service, table, "--rate", str(RATE)) as running:
        out, err = running.communicate(timeout=120)
    assert (running.returncode, sorted(out.splitlines())) == (
        0,
        [f"Shard {n}/4: exit status 0" for n in (1, 2, 3, 4)],
    ), err
    found = results(table)
    assert sorted(result["order_id"] for result in found) == sorted(f"order-{number}" for number in range(ROWS))
    assert all((service.order(f"order-{number}") or {})["name"] == f"name {number}" for number in range(ROWS))
    ended = sorted(datetime.fromisoformat(result["finished_at"]) for result in found)
    # The clock of the results, not of this test: the cluster takes its time to start.
    assert (ended[-1] - ended[0]).total_seconds() > (ROWS - 10) / RATE / 1.1
    assert service.api_key not in out + err


@pytest.mark.tools
@pytest.mark.slow
def test_a_worker_that_dies_costs_no_edit(service: Sandbox, tmp_path: Path) -> None:
    """Dask gives its shard to another, which goes on where it was."""
    table = tmp_path / "orders.csv"
    table.write_text("order_id,name\n" + "".join(f"order-{n},name {n}\n" for n in range(ROWS)), "utf-8")
    with start(service, table, "--rate", "40") as running:
        until = time.monotonic() + 60
        while time.monotonic() < until and sum(f.stat().st_size for f in tmp_path.glob("*.jsonl")) < 2000:
            time.sleep(0.05)
        victim = min(workers_of(running.pid))
        os.kill(victim, signal.SIGKILL)
        _, err = running.communicate(timeout=120)
    assert running.returncode == 0, err
    found = results(table)
    assert {result["order_id"] for result in found} == {f"order-{number}" for number in range(ROWS)}
    assert all((service.order(f"order-{number}") or {})["name"] == f"name {number}" for number in range(ROWS))


def workers_of(parent: int) -> list[int]:
    """The processes in which a cluster's workers run."""
    import psutil

    children = psutil.Process(parent).children(recursive=True)
    return [child.pid for child in children if any("spawn_main" in part for part in child.cmdline())]


def edit_with_generated_only(sandbox: Sandbox, order_id: str, api_key: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error."""
    env = environment(AUTOENHANCE_API_KEY=api_key, AUTOENHANCE_BASE_URL=sandbox.url)
    command = [sys.executable, str(GENERATED_ONLY), order_id, "12 Acacia Avenue"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_the_generated_package_alone_edits_an_order(sandbox: Sandbox) -> None:
    """The order gets its new name, and the example prints typed fields of the response, null ones included."""
    with_images, _, without_images = sandbox.order_ids
    edited = edit_with_generated_only(sandbox, with_images, sandbox.api_key)
    assert edited == (0, "12 Acacia Avenue: 3 of 4 images processed\n", "")
    edited = edit_with_generated_only(sandbox, without_images, sandbox.api_key)
    assert edited == (0, "12 Acacia Avenue: 0 of 0 images processed\n", "")
    assert (sandbox.order(with_images) or {})["name"] == "12 Acacia Avenue"


def test_the_generated_package_alone_says_what_the_service_responds_to_an_edit_that_fails(sandbox: Sandbox) -> None:
    """The status and the message of a documented error, the body of another status; exit status 1, and no key."""
    assert edit_with_generated_only(sandbox, "nope", sandbox.api_key) == (1, "", "404 Not Found\n")
    assert edit_with_generated_only(sandbox, "harbour-view-7", "planted-key") == (1, "", "401 Unauthorized\n")
    sandbox.answer_next(418, body=b"tea")
    assert edit_with_generated_only(sandbox, "harbour-view-7", sandbox.api_key) == (1, "", "418 b'tea'\n")


def test_the_generated_package_alone_is_without_the_facade() -> None:
    """What the example shows needs only `autoenhance_api` and httpx."""
    imported = re.findall(r"^(?:from|import) (\w+)", GENERATED_ONLY.read_text("utf-8"), re.MULTILINE)
    assert set(imported) - set(sys.stdlib_module_names) == {"autoenhance_api", "httpx"}
