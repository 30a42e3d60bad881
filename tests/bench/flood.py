"""Goals R8 and R10: a flood of SYNs to Parquet within a memory limit, and bombs in little memory.

    python tests/bench/flood.py                           # 10 million connections, default and 1 GiB
    python tests/bench/flood.py --connections 500000      # quicker
    python tests/bench/flood.py --only bombs --small      # what the tests run

Each run is a process of its own whose peak of resident memory is its own. A flood: rows written,
connections evicted, peak, seconds. A bomb: status, and how far the peak lies above that of a process
that reads a capture of one packet.
"""

import argparse
import bz2
import gzip
import json
import lzma
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import made

MIB = 1 << 20
# The peak of this program alone: what wait4 tells begins with that of its parent.
PEAK = """
def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) // 1024 for line in file if line.startswith("VmHWM:"))
"""
FLOOD = (
    PEAK
    + """
import json, sys
import pyarrow as pa, pyarrow.parquet as pq
import finrst
source, target, limit = sys.argv[1:]
options = {"memory_limit": limit} if limit else {}
scan = finrst.scan(source, progress=False, **options)
writer = None
rows = 0
ready = []
def flush():
    # What pyarrow remembers of each row group until the end is as large as many rows.
    writer.write_table(pa.concat_tables(ready))
    ready.clear()
for connections, _ in scan:
    ready.append(pa.table(connections))
    rows += ready[-1].num_rows
    writer = writer or pq.ParquetWriter(target, ready[0].schema)
    if sum(table.num_rows for table in ready) >= 1 << 15:
        flush()
if ready:
    flush()
writer.close()
counts = dict(zip(scan.table("issues")["kind"], scan.table("issues")["count"]))
print(json.dumps({"rows": rows, "evicted": counts.get("evicted", 0),
                  "packets": sum(scan.table("ledger")["packets"]), "peak": peak()}))
"""
)
BOMB = (
    PEAK
    + """
import json, sys, warnings
import finrst
warnings.simplefilter("ignore")
try:
    cap = finrst.read(sys.argv[1], progress=False)
    cap.check()
    status = cap.files["status"][0]
    packets = cap.files["packets"][0]
    bytes = cap.files["bytes_total"][0]
except finrst.CaptureError as error:
    status, packets, bytes = "refused", 0, 0
print(json.dumps({"status": status, "packets": packets, "bytes": bytes, "peak": peak()}))
"""
)


def run(code: str, *arguments: str) -> tuple[dict[str, Any], int, float]:
    """Run a program: what it says, its peak in MiB, and its seconds."""
    begin = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True, check=True
    )
    said = json.loads(done.stdout)
    return said, said["peak"], time.monotonic() - begin


def floods(connections: int, place: Path) -> int:
    """Write floods to Parquet."""
    import pyarrow.parquet as pq

    source, target = place / "flood.pcap", place / "flood.parquet"
    made.flood(source, connections)
    print("| memory_limit | rows | evicted | peak MiB | goal MiB | s |\n|---|---|---|---|---|---|")
    bad = 0
    for limit, goal in (("", 2560), ("1GiB", 1024)):
        said, peak, seconds = run(FLOOD, str(source), str(target), limit)
        written = pq.read_metadata(target).num_rows
        wrong = not said["rows"] == said["packets"] == written == connections or peak > goal
        bad += wrong
        print(
            f"| {limit or 'default'} | {said['rows']:,} | {said['evicted']:,} | {peak} | {goal} "
            f"| {seconds:.0f} |{' WRONG' * wrong}",
            flush=True,
        )
    return bad


HEAD = bytes.fromhex("d4c3b2a1 02000400 00000000 00000000 ffff0000 65000000")
SECTION = bytes.fromhex("0a0d0d0a 1c000000 4d3c2b1a 01000000 ffffffffffffffff 1c000000")


def block(kind: int, body: bytes) -> bytes:
    """A pcapng block."""
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def pieces(size: int, piece: bytes) -> Iterator[bytes]:
    """A piece again and again, up to a size."""
    many = piece * max(1, (1 << 20) // len(piece))
    for _ in range(max(1, size // len(many))):
        yield many


def packed(
    opened: Callable[..., object], level: dict[str, int], size: int
) -> Callable[[Path], None]:
    """Packets that pack very well: records of zeros would be no packets."""
    packet = struct.pack("<IIII", 1_700_000_000, 0, 65_000, 65_000) + bytes(65_000)

    def write(path: Path) -> None:
        with opened(path, "wb", **level) as out:  # type: ignore[attr-defined]
            out.write(HEAD)
            for part in pieces(size, packet):
                out.write(part)

    return write


def plain(head: bytes, piece: bytes, size: int) -> Callable[[Path], None]:
    """A piece repeated."""

    def write(path: Path) -> None:
        with path.open("wb") as out:
            out.write(head)
            for part in pieces(size, piece):
                out.write(part)

    return write


def bombs(*, small: bool) -> dict[str, tuple[Callable[[Path], None], set[str]]]:
    """Each bomb: how it is written, and the statuses that tell the truth."""
    much = (256 if small else 4096) * MIB
    interface = block(1, struct.pack("<HHI", 101, 0, 0))
    options = block(1, struct.pack("<HHI", 101, 0, 0) + bytes.fromhex("63000000") * 4_190_000)
    names = block(4, bytes.fromhex("01000500 0a000001 61000000") * 1_300_000 + bytes(4))
    text = b"x" * 65_000
    comments = struct.pack("<HH", 1, len(text)) + text
    body = SECTION[8:24] + comments * 200
    sections = struct.pack("<II", 0x0A0D0D0A, len(body) + 12) + body
    sections += struct.pack("<I", len(body) + 12)
    huge = struct.pack("<II", 6, 0xFFFFFFFC) + bytes(1000)
    claims = struct.pack("<IIII", 1, 1, 0xFFFFFFFF, 0xFFFFFFFF)
    zstd = bytes.fromhex("28b52ffd00a8010000")
    return {
        "gzip": (packed(gzip.open, {"compresslevel": 6}, much), {"complete"}),
        "xz": (packed(lzma.open, {"preset": 1}, min(much, 1024 * MIB)), {"complete"}),
        "bzip2": (packed(bz2.open, {"compresslevel": 9}, min(much, 1024 * MIB)), {"complete"}),
        "zstd with a window of 2 GiB": (lambda p: p.write_bytes(zstd), {"refused"}),
        "1,000,000 interfaces": (plain(SECTION, interface, 1_000_000 * 20), {"empty"}),
        "sections of 65,536 interfaces": (
            plain(b"", SECTION + interface * 65_536, (64 if small else 512) * MIB),
            {"empty"},
        ),
        "16 MiB of empty options": (plain(SECTION, options, 1), {"empty"}),
        "16 MiB of names": (plain(SECTION, names, 1), {"empty"}),
        "sections full of comments": (
            plain(b"", sections, (64 if small else 1024) * MIB),
            {"empty"},
        ),
        "a block of 4 GiB": (plain(SECTION + interface, huge, 1), {"corrupt", "truncated_tail"}),
        "a packet of 4 GiB": (plain(HEAD, claims + bytes(1000), 1), {"corrupt"}),
        "zeros": (plain(HEAD, bytes(65_536), (64 if small else 1024) * MIB), {"truncated_tail"}),
        "resets of one connection": (
            lambda p: made.storm(p, 100_000 if small else 400_000),
            {"complete"},
        ),
        "gaps in one connection": (
            lambda p: made.gaps(p, 100_000 if small else 400_000),
            {"complete"},
        ),
    }


# What is in tables and must be: rows of resets, each some hundred bytes.
ROWS = {"resets of one connection"}


def explode(place: Path, *, small: bool) -> int:
    """Read every bomb."""
    one = place / "one.pcap"
    made.flood(one, 1)
    _, base, _ = run(BOMB, str(one))
    print(f"base {base} MiB\n| bomb | file MiB | read MiB | status | above base MiB | s |")
    print("|---|---|---|---|---|---|")
    bad = 0
    for name, (write, good) in bombs(small=small).items():
        path = place / "bomb"
        write(path)
        said, peak, seconds = run(BOMB, str(path))
        above = peak - base
        wrong = said["status"] not in good or above > (64 if name not in ROWS else 1024)
        bad += wrong
        size, octets = path.stat().st_size / MIB, int(str(said["bytes"])) / MIB
        print(
            f"| {name} | {size:.1f} | {octets:,.0f} | {said['status']} | {above} | {seconds:.1f} |"
            f"{' WRONG' * wrong}",
            flush=True,
        )
        path.unlink()
    return bad


def main() -> int:
    """Flood and explode."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=10_000_000)
    parser.add_argument("--only", choices=["floods", "bombs"])
    parser.add_argument("--small", action="store_true", help="smaller bombs")
    given = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="finrst-flood-"))
    try:
        bad = explode(place, small=given.small) if given.only != "floods" else 0
        if given.only != "bombs":
            bad += floods(given.connections, place)
    finally:
        shutil.rmtree(place)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
