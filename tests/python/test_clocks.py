"""Goal R19: every unit and offset of pcapng times against Python's integers."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path

import pytest

import finrst

OFFSETS = (0, 1, -3600, 1 << 33, (1 << 63) - 1, -(1 << 63))
STAMPS = (0, 1, 999_999, 1_700_000_000_123_456, (1 << 64) // 3, 1 << 63, (1 << 64) - 1)


def expected(resolution: int, offset: int, stamp: int) -> int | None:
    """Nanoseconds since the epoch, rounded down, where 64 bits hold them."""
    base = 2 if resolution & 0x80 else 10
    nanoseconds = stamp * 10**9 // base ** (resolution & 0x7F) + offset * 10**9
    return nanoseconds if -(1 << 63) <= nanoseconds < 1 << 63 else None


def capture(order: str, offset: int, stamp: int) -> bytes:
    """An interface for every unit, and a packet of each: a SYN from a port of its own."""

    def block(kind: int, body: bytes) -> bytes:
        length = struct.pack(f"{order}I", len(body) + 12)
        return struct.pack(f"{order}I", kind) + length + body + length

    out = block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1))
    for unit in range(256):
        body = struct.pack(f"{order}HHI", 101, 0, 0)
        body += struct.pack(f"{order}HHBxxx", 9, 1, unit)
        body += struct.pack(f"{order}HHq", 14, 8, offset)
        out += block(1, body)
    for unit in range(256):
        frame = struct.pack(">BBHHHBBHII", 0x45, 0, 40, 1, 0, 64, 6, 0, 0x0A000001, 0x0A000002)
        frame += struct.pack(">HHIIBBHHH", 1024 + unit, 443, 0, 0, 0x50, 2, 65535, 0, 0)
        head = (unit, stamp >> 32, stamp & 0xFFFFFFFF, len(frame), len(frame))
        out += block(6, struct.pack(f"{order}IIIII", *head) + frame)
    return out


def test_leaps_are_counted() -> None:
    """Goal F4: each leap with its packet, the count on the card."""
    demo = (Path(__file__).resolve().parents[1] / "data/demo.pcap").read_bytes()
    data, at, packet = bytearray(demo), 24, 0
    while at < len(data):
        (seconds, _, length) = struct.unpack_from("<III", data, at)
        packet += 1
        if packet in {50, 100}:
            struct.pack_into("<I", data, at, seconds + {50: 7 * 3600, 100: -2}[packet])
        at += 16 + length
    cap = finrst.read(bytes(data))
    cap.check()
    leaps = [row for row in cap.issues if row["kind"] == "clock_leap"]
    assert [row["packet"] for row in leaps] == [50, 51, 100]
    assert {row["count"] for row in leaps} == {3}
    ways = [row["detail"].split(" by ")[0] for row in leaps]
    assert ways == ["the clock leaps forward", *["the clock leaps back"] * 2]
    assert "clock leaps by hours (3 times)" in str(cap)
    assert "clock_leap" not in set(finrst.read(demo).issues["kind"])


@pytest.mark.parametrize("order", ["<", ">"])
def test_every_unit_and_offset(order: str) -> None:
    pa = pytest.importorskip("pyarrow")
    compared = 0
    for offset in OFFSETS:
        for stamp in STAMPS:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", finrst.CaptureWarning)
                cap = finrst.read(capture(order, offset, stamp))
            wanted = [expected(unit, offset, stamp) for unit in range(256)]
            assert cap.files["without_time"] == [wanted.count(None)]
            table = pa.table(cap.connections)
            starts = table["start"].cast(pa.int64()).to_pylist()
            found = dict(zip(table["client_port"].to_pylist(), starts, strict=True))
            for unit, nanoseconds in enumerate(wanted):
                if nanoseconds is not None:
                    compared += 1
                    assert found[1024 + unit] == nanoseconds, (unit, offset, stamp)
    assert compared > 5000
