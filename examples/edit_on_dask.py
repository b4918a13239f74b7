"""Edit the orders of a spreadsheet on a Dask cluster, here one on this machine.

    pip install 'autoenhance-orders[dask]'
    python examples/edit_on_dask.py orders.csv --workers 4

The partitions are those of `autoenhance edit-orders --shard K/N`, and each task is that command. So each shard has a results
file of its own beside the spreadsheet, and a shard that is run again goes on where it was: by Dask, because a worker died, or
by you. The API key reaches the workers through their environment; it is in no task.

Exit status: that of the command; the highest of all shards.
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
    """Edit all shards, and say what came of each."""
    parser = argparse.ArgumentParser(description="Edit the orders of a spreadsheet on a Dask cluster.")
    parser.add_argument("file", metavar="FILE", help="What edit-orders reads; all workers must see it at this path.")
    parser.add_argument("--workers", type=int, default=4, help="Worker processes, each with one shard at a time.")
    parser.add_argument("--shards", type=int, default=16, help="Shards; the same number each time, to go on.")
    parser.add_argument("--rate", type=float, default=250.0, help="Requests a second, of all workers together.")
    given = parser.parse_args(arguments)
    # The service counts the requests of an address, whichever worker sends them: each may send its share.
    rate = given.rate / given.workers
    shards = [f"{number}/{given.shards}" for number in range(1, given.shards + 1)]
    statuses: dict[str, int] = {}
    with (
        LocalCluster(n_workers=given.workers, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        # Not pure: asked for again, a shard is to be looked at again.
        tasks = {client.submit(edit_shard, given.file, shard, rate, pure=False): shard for shard in shards}
        for task in as_completed(tasks):
            statuses[tasks[task]] = task.result()
            print(f"Shard {tasks[task]}: exit status {statuses[tasks[task]]}")
    return max(statuses.values())


if __name__ == "__main__":
    sys.exit(main())
