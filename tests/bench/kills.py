"""Goal R12: exports killed in the middle, and full disks.

    python tests/bench/kills.py    # 50 kills, 20 sizes; as root also a real full disk
    python tests/bench/kills.py --kills 6 --connections 3000   # what the tests run

A child writes the same name again and again; SIGKILL comes at a random moment. Under the name there
may then be nothing or a whole file. With a limit on the size of files, and on a small file system,
an export must raise OSError and leave neither file nor part.
"""

import argparse
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import made

import finrst

KINDS = ("parquet", "arrow", "csv", "json", "pcapng", "md")


def capture(path: Path) -> finrst.Capture:
    """A capture whose exports take long enough to be met."""
    return finrst.read(path, progress=False)


def export(cap: finrst.Capture, path: Path) -> None:
    """Write a table, packets or a report by the ending of the name."""
    kind = path.suffix[1:]
    if kind == "pcapng":
        cap.save(range(len(cap)), path, overwrite=True)
    elif kind == "md":
        cap.report(path)
    else:
        cap.write(path)


def is_whole(path: Path, rows: int) -> bool:
    """Whether a file has everything."""
    kind = path.suffix[1:]
    try:
        if kind == "parquet":
            import pyarrow.parquet as pq

            return pq.read_table(path).num_rows == rows
        if kind == "arrow":
            import pyarrow as pa

            with pa.ipc.open_file(path) as file:
                return file.read_all().num_rows == rows
        if kind == "pcapng":
            return set(finrst.read(path, progress=False).files["status"]) == {"complete"}
        lines = path.read_text(encoding="utf-8").split("\n")
        if kind == "md":
            return lines[-1] == "" and lines[-3].startswith("| ")
        wanted = rows + (kind == "csv") + 1
        return (
            len(lines) == wanted
            and lines[-1] == ""
            and (kind == "csv" or all(json.loads(line) for line in lines[:-1]))
        )
    except (ValueError, OSError, IndexError) as error:
        print(f"{path.name}: {error}")
        return False


def child(path: Path) -> None:
    """Write the same name until killed."""
    cap = capture(path.parent.with_suffix(".pcap"))
    print(len(cap), flush=True)
    while True:
        export(cap, path)


def kill(kinds: list[str], kills: int, place: Path) -> int:
    """Kill exports; count the broken files."""
    rng = random.Random(12)
    broken = strays = absent = 0
    for number in range(kills):
        kind = kinds[number % len(kinds)]
        path = place / f"x.{kind}"
        shutil.rmtree(place)
        place.mkdir()
        command = [sys.executable, __file__, "--child", str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            rows = int(process.stdout.readline())
            time.sleep(rng.uniform(0, 0.4))
            process.send_signal(signal.SIGKILL)
            process.wait()
        strays += len(list(place.glob(".finrst-*.tmp")))
        if not path.exists():
            absent += 1
        elif not is_whole(path, rows):
            broken += 1
            print(f"!! broken: {path.name}")
        rest = [p.name for p in place.iterdir() if p != path and not p.match(".finrst-*.tmp")]
        broken += len(rest)
    print(
        f"{kills} kills: {broken} broken files, {absent} times none, "
        f"{kills - broken - absent} times a whole one; {strays} parts left as .finrst-*.tmp"
    )
    return broken


def refused(cap: finrst.Capture, path: Path) -> bool:
    """Whether an export says clearly that there was no room, and leaves nothing."""
    try:
        export(cap, path)
    except OSError as error:
        clear = (bool(error.errno) and str(path.parent) in str(error)) or error.errno in {27, 28}
        if not clear:
            print(f"!! not clear: {error!r}")
        return clear and not list(path.parent.iterdir())
    print(f"!! no error: {path}")
    return False


def full(cap: finrst.Capture, kinds: list[str], place: Path, sizes: int) -> int:
    """Limit the size of files to parts of what an export takes; count what went wrong."""
    bad = 0
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for kind in kinds:
        path = place / f"x.{kind}"
        shutil.rmtree(place)
        place.mkdir()
        export(cap, path)
        size = path.stat().st_size
        path.unlink()
        for part in range(sizes):
            resource.setrlimit(resource.RLIMIT_FSIZE, (size * part // sizes, hard))
            try:
                bad += not refused(cap, path)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    print(f"{len(kinds)} kinds at {sizes} sizes of a full disk: {bad} wrong")
    return bad


def mounted(cap: finrst.Capture, kinds: list[str], place: Path) -> int:
    """Write to a file system that is too small, where one can be made."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        print("SKIPPED: only root can make a small file system")
        return 0
    try:
        bad = 0
        for kind in kinds:
            bad += not refused(cap, place / f"x.{kind}")
            for path in place.iterdir():
                path.unlink()
    finally:
        subprocess.run(["umount", str(place)], check=True)
    print(f"{len(kinds)} kinds on a file system of 16 KiB: {bad} wrong")
    return bad


def main() -> int:
    """Kill and refuse."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--sizes", type=int, default=20)
    parser.add_argument("--connections", type=int, default=30_000)
    parser.add_argument("--child", type=Path)
    given = parser.parse_args()
    if given.child:
        child(given.child)
    kinds = list(KINDS)
    try:
        import pyarrow.parquet  # noqa: F401 - whether it is there
    except ModuleNotFoundError:
        kinds = [kind for kind in kinds if kind not in {"parquet", "arrow"}]
    place = Path(tempfile.mkdtemp(prefix="finrst-kills-"))
    source = place.with_suffix(".pcap")
    made.closed(source, given.connections)
    cap = capture(source)
    bad = kill(kinds, given.kills, place)
    bad += full(cap, kinds, place, given.sizes)
    shutil.rmtree(place)
    place.mkdir()
    # The report in Markdown is smaller than the smallest file system.
    bad += mounted(cap, [kind for kind in kinds if kind != "md"], place)
    shutil.rmtree(place)
    source.unlink()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
