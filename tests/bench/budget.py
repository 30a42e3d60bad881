"""Budgets: instructions and resident bytes of what finrst does, held against what they were.

    python tests/bench/budget.py                    # fails where a figure is 3 % above its record
    FINRST_RECORD=1 python tests/bench/budget.py    # writes the record anew

Instructions are callgrind's, free of noise: of a process with one thread that imports pyarrow and
finrst, reads a capture and touches both tables. What demo.pcap takes is left out: (instructions of
the capture - those of demo.pcap) / connections or packets. Resident bytes are the peak of `stages
track`, everything included, less that of demo.pcap, for each connection followed.

Runs with the interpreter that has finrst as it is released (not a debug build). Needs valgrind and
the generator of `run.py`. The record names the rustc that it was made with; under another one the
figures are told and not judged.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from run import MIX, ROOT, SHARED, SMALL, compiled, generator, once

RECORD = Path(__file__).with_name("budget.json")
DEMO = ROOT / "tests" / "data" / "demo.pcap"
MARGIN = 1.03
READ = """
import sys, pyarrow, finrst
cap = finrst.read(sys.argv[1], threads=1, progress=False)
len(cap.connections), len(cap.teardowns)
"""
SCAN = """
import sys, pyarrow, finrst
for connections, teardowns in finrst.scan(sys.argv[1], threads=1, progress=False):
    len(connections), len(teardowns)
"""
# Each figure: what the engine is to reach, and what it aims at.
GOALS = {
    "instructions per connection, small50k": (11_000, 8_700),
    "instructions per packet, mix of 20 MB": (1_500, 1_260),
    "instructions per packet, snap of 10 MB": (1_450, 1_160),
    "scan / read, instructions, small50k": (1.1, 1.0),
    "resident bytes per connection, small500k": (800, 600),
    "resident bytes per connection, mix1g": (900, 700),
}


def captured(gencap: Path, folder: Path, name: str, arguments: list[str]) -> tuple[Path, dict]:
    """A capture, and the truth about it."""
    path = folder / f"{name}.pcap"
    command = [str(gencap), "--out", str(path), *arguments]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return path, json.loads(out.splitlines()[-1])


def instructions(script: str, path: Path) -> int:
    """What a script takes for a capture."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    command += [sys.executable, "-c", script, str(path)]
    environment = {**os.environ, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return int(re.findall(r"Collected : (\d+)", ran.stderr)[-1])


def measured(folder: Path) -> dict[str, float]:
    """Every figure."""
    gencap = generator()
    snap = [*MIX, "10000000", "--snaplen", "96"]
    small, few = captured(gencap, folder, "small", [*SMALL, "50000"])
    mix, mixed = captured(gencap, folder, "mix", [*MIX, "20000000"])
    snap_path, snapped = captured(gencap, folder, "snap", snap)
    base = instructions(READ, DEMO)
    of_small = instructions(READ, small) - base
    of_scan = instructions(SCAN, small) - instructions(SCAN, DEMO)
    names = iter(GOALS)
    figures = {
        next(names): of_small / few["tcp_conns"],
        next(names): (instructions(READ, mix) - base) / mixed["packets"],
        next(names): (instructions(READ, snap_path) - base) / snapped["packets"],
        next(names): of_scan / of_small,
    }
    stages = str(compiled())
    least = once([stages, "track", str(DEMO), "1"]).peak
    for arguments in ([*SMALL, "500000"], [*MIX, "1000000000"]):
        path, truth = captured(gencap, folder, "large", arguments)
        peak = once([stages, "track", str(path), "1"]).peak
        figures[next(names)] = (peak - least) * 1024 / truth["tcp_conns"]
    return {name: round(figure, 2 if figure < 100 else None) for name, figure in figures.items()}


def judged(figures: dict[str, float], record: dict[str, float]) -> list[str]:
    """The figures that are above their record by more than the margin, told."""
    return [
        f"{name}: {figures[name]:,}, {(figures[name] / before - 1) * 100:.1f} % above {before:,}"
        for name, before in record.items()
        if figures[name] > before * MARGIN
    ]


def main() -> int:
    """Measures, tells, and judges or records."""
    missing = None
    if not (SHARED / "bench" / "gencap").is_dir():
        missing = f"no generator of captures at {SHARED}"
    elif not shutil.which("valgrind"):
        missing = "valgrind is not installed"
    if missing:
        print(f"!! SKIPPED: {missing}: nothing is held against its budget")
        return 0
    command = ["rustc", "--version"]
    rustc = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        figures = measured(Path(folder))
    if os.environ.get("FINRST_RECORD") == "1":
        text = json.dumps({"rustc": rustc, "figures": figures}, indent=2)
        RECORD.write_text(f"{text}\n")
    record = json.loads(RECORD.read_text())
    print(f"{'':42} {'now':>10} {'record':>10} {'must':>8} {'aim':>8}")
    for name, (must, aim) in GOALS.items():
        print(f"{name:42} {figures[name]:10,} {record['figures'][name]:10,} {must:8,} {aim:8,}")
    if rustc != record["rustc"]:
        print(f"!! SKIPPED: {rustc}, and the record is of {record['rustc']}: nothing is judged")
        return 0
    over = judged(figures, record["figures"])
    for line in over:
        print(f"OVER BUDGET ({rustc}): {line}")
    return int(bool(over))


if __name__ == "__main__":
    sys.exit(main())
