"""Annotate every shared capture: the copy reads as its source does, and tshark sees the same.

    python tests/bench/annotations.py [THIRD]

finrst reads every copy again; tshark is asked about every third capture, THIRD (0 to 2) says which.
Prints what differs and what it took. Not part of the tests: tshark alone takes half an hour.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))

import finrst
from conftest import SHARED
from test_annotate import seen

# Of the source and not of the packets.
OWN = {"file", "interface"}
_FRACTION = (
    "a fraction of a second that is minutes or hours: finrst tells it (time_fraction) and leaves it "
    "out of the time and of the copy; tshark multiplies it in 32 bits, to a time that is none"
)
_FUZZED = "clusterfuzz-testcase-minimized-FuzzTarget-"
ARGUED = {
    "hoobr_juniper3.pcap": "tshark refuses the source: bits above its link type are set",
    f"{_FUZZED}4981601846820864": _FRACTION,
    f"{_FUZZED}5421416466481152": _FRACTION,
    f"{_FUZZED}5654053026791424": "a fraction of 44 seconds, which counts: tshark as above",
    f"{_FUZZED}6223613626941440": _FRACTION,
    "crash-exception-cast-constructed-record": "the second record is odd, and tshark takes the "
    "source for one with longer heads: the copy has its octets where the format has them",
}
"""What tshark 4.0.17 sees otherwise in a source than in its copy, and why the copy is right."""


def rows(cap: finrst.Capture, which: str) -> list[Any]:
    table = cap.table(which)
    return [table[name] for name in table.column_names if name not in OWN]


def main() -> None:
    third = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    public = sorted((SHARED / "captures/public/files").rglob("*"))
    paths = [path for path in public if path.is_file()]
    out = Path(tempfile.mkdtemp(prefix="finrst-annotations-"), "out.pcapng")
    count = packets = asked = wrong = argued = 0
    took = 0.0
    for number, path in enumerate(paths):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                cap = finrst.read(path, progress=False)
            except finrst.CaptureError:
                continue
            begin = time.process_time()
            cap.annotate(out, overwrite=True, progress=False)
            took += time.process_time() - begin
            copy = finrst.read(out, progress=False)
        count += 1
        packets += sum(cap.files["packets"])
        same = [
            which for which in ("connections", "teardowns") if rows(cap, which) == rows(copy, which)
        ]
        if len(same) < 2 or cap.ledger["packets"] != copy.ledger["packets"]:
            print(f"{path}: reads otherwise (the same: {', '.join(same) or 'nothing'})")
            wrong += 1
        if number % 3 == third and shutil.which("tshark"):
            asked += 1
            before, after = seen(path), seen(out)
            differs = [line[:5] for line in before] != [line[:5] for line in after]
            if differs and path.name in ARGUED:
                argued += 1
            elif differs:
                print(f"{path}: tshark sees {len(after)} packets otherwise than {len(before)}")
                wrong += 1
    print(
        f"{count} captures, {packets:,} packets: {wrong} differ; tshark saw {asked}, "
        f"{argued} otherwise for a reason that is known; "
        f"{took:.1f} s of processor time for comments and copies"
    )
    shutil.rmtree(out.parent)


if __name__ == "__main__":
    main()
