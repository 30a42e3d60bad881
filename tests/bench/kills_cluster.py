"""Kill workers of a parallel reading at random moments, and look that the dataset is the same.

python tests/bench/kills_cluster.py [TIMES]      # 50
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import finrst

if TYPE_CHECKING:
    from finrst.cluster import Dataset

ROOT = Path(__file__).resolve().parents[2]


def killed_reading(captures: Path, to: Path, seed: int) -> tuple[Dataset, int]:
    """Read while a worker is killed every so often; give the dataset and how many were killed."""
    chance, kills, over = random.Random(seed), [0], threading.Event()

    def kill(workers: finrst.cluster.Workers) -> None:
        # No task can lose four workers to this.
        while kills[0] < 3 and not over.wait(chance.uniform(0.005, 0.25)):
            pids = workers.pids()
            if pids:
                os.kill(chance.choice(pids), 9)
                kills[0] += 1

    with finrst.cluster.Workers(2) as workers:
        killer = threading.Thread(target=kill, args=(workers,))
        killer.start()
        try:
            ds = finrst.cluster.read(
                captures, to=to, client=workers, run_bytes=1, buckets=6, progress=False
            )
        finally:
            over.set()
            killer.join()
    return ds, kills[0]


def main(times: int) -> None:
    sys.path.insert(0, str(ROOT / "tests/python"))
    from cutting import cut, same

    place = Path(tempfile.mkdtemp(prefix="finrst-kills-"))
    cut(ROOT / "tests/data/demo.pcap", place / "captures", 8)
    whole, kills, begin = finrst.read(place / "captures"), 0, time.monotonic()
    for seed in range(times):
        ds, killed = killed_reading(place / "captures", place / f"to{seed}", seed)
        same(ds, whole)
        kills += killed
    took = time.monotonic() - begin
    print(f"{times} readings, {kills} workers killed: the same dataset each time ({took:.0f} s)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
