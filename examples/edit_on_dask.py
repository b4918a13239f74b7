"""Edit the orders of a spreadsheet on a Dask cluster, here one on this machine.

    pip install '.[dask]'  # in a checkout
    python examples/edit_on_dask.py orders.csv --workers 4

Each task runs `autoenhance edit-orders --shard K/N`. So each shard has its own results file beside the spreadsheet. A shard
resumes if you rerun it, or if Dask does because a worker died. The workers get the API key from their environment; tasks do
not contain it.

Exit status: the highest of the command's exit statuses for the shards.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from distributed import Client, LocalCluster, as_completed

from autoenhance.cli import main as autoenhance

if TYPE_CHECKING:
    from collections.abc import Sequence


def edit_shard(file: str, shard: str, rate: float) -> int:
    """Edit one shard; this runs on a worker."""
    return autoenhance(["edit-orders", file, "--shard", shard, "--rate", str(rate)])


def main(arguments: Sequence[str] | None = None) -> int:
    """Edit all shards, print the exit status of each, and return the highest."""
    parser = argparse.ArgumentParser(description="Edit the orders of a spreadsheet on a Dask cluster.")
    parser.add_argument("file", metavar="FILE", help="The file for edit-orders; all workers must have it at this path.")
    parser.add_argument("--workers", type=int, default=4, help="Worker processes, each with one shard at a time.")
    parser.add_argument("--shards", type=int, default=16, help="Number of shards; it must be the same to resume.")
    parser.add_argument("--rate", type=float, default=250.0, help="Requests per second of all workers together.")
    options = parser.parse_args(arguments)
    # The service limits the requests from one address, so the workers share the rate.
    rate = options.rate / options.workers
    shards = [f"{number}/{options.shards}" for number in range(1, options.shards + 1)]
    statuses: dict[str, int] = {}
    with (
        LocalCluster(n_workers=options.workers, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        # pure=False: Dask must run a shard again, and not return an earlier result.
        tasks = {client.submit(edit_shard, options.file, shard, rate, pure=False): shard for shard in shards}
        for task in as_completed(tasks):
            statuses[tasks[task]] = task.result()
            print(f"Shard {tasks[task]}: exit status {statuses[tasks[task]]}")
    return max(statuses.values())


if __name__ == "__main__":
    sys.exit(main())
