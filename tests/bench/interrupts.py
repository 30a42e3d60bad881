"""Goal R13: how long Ctrl-C takes in every long call, at random moments.

    python tests/bench/interrupts.py --connections 1000000

For each call: its duration undisturbed, then interrupted at random moments within it: median and
longest time from the signal to KeyboardInterrupt, in milliseconds. Afterwards what was called must
work again, and no file may be left.
"""

import argparse
import contextlib
import os
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import made
import pyarrow as pa

import finrst

sys.setswitchinterval(0.005)


def drain(path: Path) -> int:
    """Go through a capture."""
    return sum(len(connections) for connections, _ in finrst.scan(path, progress=False))


def calls(cap: finrst.Capture, path: Path, place: Path) -> dict[str, Callable[[], object]]:
    """Every long call, by name."""
    some = cap.connections["connection_id"][:1000]
    table = cap.connections
    found: dict[str, Callable[[], object]] = {
        "read": lambda: finrst.read(path, progress=False),
        "read with a filter": lambda: finrst.read(path, progress=False, filter="port 80"),
        "scan": lambda: drain(path),
        "scan, pulled by pyarrow": lambda: pa.table(finrst.scan(path, progress=False).connections),
        "to_pandas": cap.to_pandas,
        "to_polars": cap.to_polars,
        "a column as a list": lambda: table["start"],
        "counts of many values": lambda: table.counts("client_ip", "client_port"),
        "check": cap.check,
        "packets": lambda: cap.packets(some),
        "save": lambda: cap.save(some, place / "x.pcapng", overwrite=True),
        "report": lambda: cap.report(place / "x.html"),
        "plot": lambda: cap.plot.causes().svg(),
        "explain": lambda: cap.connection(17).explain(),
        "repr": lambda: repr(cap),
    }
    for ending in ("parquet", "arrow", "csv", "json"):
        found[f"write {ending}"] = lambda e=ending: cap.write(place / f"x.{e}")
    return found


def interrupted(call: Callable[[], object], after: float) -> float | None:
    """Seconds from the signal to its exception; ``None`` when the call was over before.

    The signal comes from a timer and not from a thread, which would have to wait for its turn.
    """
    due = time.perf_counter() + after
    signal.setitimer(signal.ITIMER_REAL, after)
    try:
        try:
            call()
        except Exception:  # a consumer's own, which the interrupt follows
            if time.perf_counter() < due:
                raise
        signal.setitimer(signal.ITIMER_REAL, 0)
        # Where the call ended just before the signal, it comes here.
        time.sleep(0.001)
    except KeyboardInterrupt:
        return time.perf_counter() - due
    return None


def left(place: Path) -> list[str]:
    """Parts of files that remain a moment after an interrupt."""
    end = time.monotonic() + 5
    while (names := [p.name for p in place.glob(".finrst-*")]) and time.monotonic() < end:
        time.sleep(0.05)
    return names


def main() -> int:
    """Interrupt everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--only", help="calls whose names contain this")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    rng = random.Random(13)
    for number in (signal.SIGALRM, signal.SIGINT):  # which a shell's background job ignores
        signal.signal(number, signal.default_int_handler)
    place = Path(tempfile.mkdtemp(prefix="finrst-interrupts-"))
    path = place / "x.pcap"
    made.closed(path, given.connections)
    size = path.stat().st_size / 1e6
    print(f"{given.connections:,} connections, {size:,.0f} MB; {os.cpu_count()} processors")
    print("| call | takes s | interrupts | median ms | longest ms |\n|---|---|---|---|---|")
    output = place / "out"
    output.mkdir()
    cap = finrst.read(path, progress=False)
    bad = 0
    for name, call in calls(cap, path, output).items():
        if given.only and given.only not in name:
            continue
        begin = time.perf_counter()
        call()
        takes = max(time.perf_counter() - begin, 1e-4)
        shutil.rmtree(output)
        output.mkdir()
        took = []
        for _ in range(given.times):
            with contextlib.suppress(KeyboardInterrupt):
                seconds = interrupted(call, rng.uniform(1e-5, takes))
                if seconds is not None:
                    took.append(seconds * 1000)
                    rest = left(output)
                    bad += len(rest)
                    if rest:
                        print(f"!! left by {name}: {rest}")
            shutil.rmtree(output)
            output.mkdir()
        call()
        shutil.rmtree(output)
        output.mkdir()
        median, most = (f(took) if took else 0 for f in (statistics.median, max))
        late = " LATE" if most > 100 else ""
        print(
            f"| {name} | {takes:.2f} | {len(took)} | {median:.0f} | {most:.0f}{late} |", flush=True
        )
        bad += bool(late)
    shutil.rmtree(place)
    return bad


if __name__ == "__main__":
    sys.exit(main())
