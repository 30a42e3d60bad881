"""What Dask adds to a reading: its start, and the time of a task that does nothing.

    python tests/bench/dask_overhead.py [TASKS]      # 200

Dask is to add at most 3 s and 20 ms a task. The same tasks are done by processes of this machine.
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from typing import Any

from finrst.cluster import Workers, _executors


def timed(client: Any, tasks: int) -> float:
    """Give the milliseconds of a task, in the way that a reading runs them."""
    engine = _executors.Engine(client)
    # What gives a small dict and does nothing, wherever it runs.
    work: dict[int, Any] = {
        number: (dict, ([("bucket", number), ("facts", "scratch/facts-00000.frf")],))
        for number in range(tasks)
    }
    begin = time.perf_counter()
    assert sorted(number for number, _ in engine.run(work)) == list(range(tasks))
    return 1000 * (time.perf_counter() - begin) / tasks


def main(tasks: int) -> None:
    with Workers(2) as workers:
        timed(workers, 2)
        print(f"processes: {timed(workers, tasks):.2f} ms a task")
    begin = time.perf_counter()
    from distributed import Client, LocalCluster

    with ExitStack() as stack:
        options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
        cluster = stack.enter_context(LocalCluster(host="127.0.0.1", **options))
        client = stack.enter_context(Client(cluster))
        timed(client, 2)
        print(f"Dask: {time.perf_counter() - begin:.1f} s to start with two workers")
        print(f"Dask: {timed(client, tasks):.2f} ms a task, of {tasks}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
