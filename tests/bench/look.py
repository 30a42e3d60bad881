"""What looking at a big capture costs: time, memory, and what goes to the browser.

    python tests/bench/look.py                      # a million short connections
    python tests/bench/look.py --connections 100000

The capture is made by the generator of `run.py` (FINRST_SHARED, FINRST_BENCH_DIR as there). Each
line is measured in a process of its own that has read the capture first: processor
seconds, the peak of resident memory in MiB above what is held after reading (Linux tells it), and
bytes made. The figures that are kept are in `looking.md`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from run import SMALL, generator, once

import finrst
import finrst.plot

if TYPE_CHECKING:
    from collections.abc import Callable

CLICKS: dict[str, dict[str, Any]] = {
    "click on a cause": {"chosen": {"cause": ["port_closed"]}},
    "click on an ending": {"chosen": {"ending": ["reset"]}},
    "search for a server": {"searched": {"server_ip": "10.0.0.1"}},
    "drag over a tenth": {"span": [5.0, 10.0]},
    "search in all columns": {"text": "10.0.0.1"},
    "sort by start": {"order": "-start"},
    "sort by server": {"order": "server"},
    "click on a finding": {"finding": 0},
}


def held() -> float:
    """Resident memory in MiB; the peak is counted from here on."""
    Path("/proc/self/clear_refs").write_text("5")
    return memory("VmRSS")


def memory(name: str) -> float:
    """A line of the system's account of this process, in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def plots() -> dict[str, Callable[[finrst.Capture], int]]:
    """Every plot of the whole capture, as SVG."""
    names = ("causes", "timeline", "matrix", "waits", "lifetimes", "fingerprint")
    return {
        f"plot {name}": lambda cap, name=name: len(getattr(cap.plot, name)().svg())
        for name in names
    }


def report(cap: finrst.Capture, name: str) -> int:
    """The size of a report."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        cap.report(path)
        return path.stat().st_size


def explorer(cap: finrst.Capture) -> int:
    """What goes to the browser at first."""
    return len(json.dumps(cap.explore().view))


def clicked(cap: finrst.Capture, changes: dict[str, Any]) -> tuple[float, int]:
    """Processor seconds of one change, and what goes to the browser."""
    widget = cap.explore()
    begin = time.process_time()
    for name, value in changes.items():
        setattr(widget, name, value)
    return time.process_time() - begin, len(json.dumps(widget.view))


def picked(cap: finrst.Capture, place: int) -> tuple[float, int]:
    """Processor seconds until a row's story and ladder are there."""
    widget = cap.explore()
    begin = time.process_time()
    widget.picked = place
    return time.process_time() - begin, len(json.dumps(widget.detail))


def scrolled(cap: finrst.Capture) -> tuple[float, int]:
    """Processor seconds until rows of the middle are there, and what goes to the browser."""
    widget, answers = cap.explore(), []
    widget.send = answers.append
    ask = {"of": "", "number": 1, "version": widget.view["version"]}
    begin = time.process_time()
    widget._handle_custom_msg({**ask, "from": len(cap) // 2, "count": 100}, [])
    return time.process_time() - begin, len(json.dumps(answers))


def selected(cap: finrst.Capture) -> tuple[float, int]:
    """Processor seconds until the selection is an Arrow table, and its rows."""
    widget = cap.explore()
    widget.chosen = {"cause": ["port_closed"]}
    begin = time.process_time()
    rows = widget.selection.num_rows
    return time.process_time() - begin, rows


def tasks(last: int) -> dict[str, Callable[[finrst.Capture], Any]]:
    """Everything that is measured."""
    return {
        "text": lambda cap: len(repr(cap)),
        "card": lambda cap: len(cap._repr_html_()),
        **plots(),
        "report, HTML": lambda cap: report(cap, "x.html"),
        "report, Markdown": lambda cap: report(cap, "x.md"),
        "explorer, until it is there": explorer,
        **{
            f"explorer, {name}": lambda cap, changes=changes: clicked(cap, changes)
            for name, changes in CLICKS.items()
        },
        "explorer, scroll to the middle": scrolled,
        "explorer, pick the last row": lambda cap: picked(cap, last),
        "explorer, selection (rows)": selected,
    }


def measured(path: Path, name: str, answer: Any) -> None:
    """Read, then do one thing."""
    cap = finrst.read(path, progress=False)
    before = held()
    begin = time.process_time()
    made = tasks(len(cap) - 1)[name](cap)
    seconds = time.process_time() - begin
    if isinstance(made, tuple):
        seconds, made = made
    answer.put((seconds, memory("VmHWM") - before, made))


def main() -> None:
    """Make the capture, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=1_000_000)
    parser.add_argument("--capture", type=Path, help="one that is there already")
    chosen = parser.parse_args()
    folder = Path(os.environ.get("FINRST_BENCH_DIR", tempfile.gettempdir()))
    path = chosen.capture or folder / f"small{chosen.connections}.pcap"
    if not path.exists():
        program = generator()
        once([str(program), "--out", str(path), *SMALL, str(chosen.connections)])
    spawn = multiprocessing.get_context("spawn")
    print("| what | CPU s | MiB more | bytes |\n|---|---|---|---|")
    for name in tasks(0):
        answer = spawn.SimpleQueue()
        child = spawn.Process(target=measured, args=(path, name, answer))
        child.start()
        child.join()
        if child.exitcode:
            sys.exit(f"{name}: failed")
        seconds, grown, made = answer.get()
        print(f"| {name} | {seconds:.2f} | {grown:.0f} | {made:,} |", flush=True)


if __name__ == "__main__":
    main()
