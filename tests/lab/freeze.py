"""Makes the frozen selection of a run: `python3 tests/lab/freeze.py RUN`, into `frozen/`.

Captures are cut to 160 bytes a packet and compressed. One-way captures are derived here: one
direction of a client's capture, with the true labels marked as not visible. Families that the run
does not have stay as they are. Of those held out of the tuning the router's captures are left out,
which are nearly the client's.
"""

from __future__ import annotations

import csv
import json
import lzma
import pathlib
import struct
import sys
from collections import Counter

from labels import COLUMNS, write
from score import held_out

SNAP = 160
# Where names decide, their place in a ClientHello is kept.
LONGER = {"names": 320}
ENDS = ("client_ip", "client_port", "server_ip", "server_port")
ONE_WAY = ("abort", "orderly")
HERE = pathlib.Path(__file__).parent / "frozen"


def cut(data: bytes, keep: str = "", snap: int = SNAP) -> bytes:
    """The capture at the snap length; only what clients (`up`) or servers (`down`) sent."""
    made = bytearray(data[:16] + struct.pack("<I", snap) + data[20:24])
    at = 24
    while at + 16 <= len(data):
        *times, size, length = struct.unpack_from("<IIII", data, at)
        frame = data[at + 16 : at + 16 + size][:snap]
        at += 16 + size
        four = frame[12:14] == b"\x08\x00"
        # 10.77.1.x and fd77:1:: are the clients'; an Ethernet header precedes.
        net = frame[28] if four else frame[25]
        if not keep or (keep == "up") == (net == 1):
            made += struct.pack("<IIII", *times, len(frame), length) + frame
    return bytes(made)


def family_of(capture: str) -> str:
    return capture.partition(".")[0]


def left_out(capture: str, thin: frozenset[str]) -> bool:
    family, _, vantage = capture.partition(".")
    return family in thin and vantage == "router"


def main() -> int:
    run = pathlib.Path(sys.argv[1])
    if json.loads((run / "run.json").read_text())["wrong"]:
        print("not frozen: this run had surprises", file=sys.stderr)
        return 1
    HERE.mkdir(exist_ok=True)
    thin = held_out()
    with (run / "labels.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if not left_out(row["capture"], thin)]
    families = {family_of(row["capture"]) for row in rows}
    table: list[list[str]] = []
    if (HERE / "labels.csv").exists():
        with (HERE / "labels.csv").open() as file:
            kept = [r for r in csv.DictReader(file) if family_of(r["capture"]) not in families]
        table += [[row.get(c) or "" for c in COLUMNS] for row in kept]
    for old in HERE.glob("*.pcap.xz"):
        if family_of(old.name) in families:
            old.unlink()
    table += [[row[c] for c in COLUMNS] for row in rows]
    for path in sorted(run.glob("*.pcap")):
        if left_out(path.stem, thin):
            continue
        data = path.read_bytes()
        family, _, vantage = path.stem.partition(".")
        parts = {path.stem: cut(data, snap=LONGER.get(family, SNAP))}
        if vantage == "client" and family in ONE_WAY:
            for way in ("up", "down"):
                name = f"{family}.client-{way}"
                parts[name] = cut(data, way)
                # Without the SYNs a 4-tuple's connections cannot be told apart: not labelled.
                ends = Counter(tuple(r[c] for c in ENDS) for r in rows if r["capture"] == path.stem)
                for row in rows:
                    if row["capture"] == path.stem and ends[tuple(row[c] for c in ENDS)] == 1:
                        hidden = row | {
                            "capture": name,
                            "vantage": f"client-{way}",
                            "visible": "no",
                        }
                        table.append([hidden[c] for c in COLUMNS])
        for name, part in parts.items():
            packed = lzma.compress(part, preset=9 | lzma.PRESET_EXTREME)
            (HERE / f"{name}.pcap.xz").write_bytes(packed)
    write(HERE / "labels.csv", table)
    size = sum(p.stat().st_size for p in HERE.iterdir())
    print(f"{len(table)} labels, {size / 1e6:.2f} MB in {HERE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
