"""Packets of chosen connections, and files that are gone or have changed."""

from __future__ import annotations

import io
import shutil
import struct
from pathlib import Path

import pytest

import finrst

DEMO = Path(__file__).parents[1] / "data/demo.pcap"
COUNTED = ("client_packets", "server_packets")


@pytest.fixture(scope="module")
def demo() -> finrst.Capture:
    return finrst.read(DEMO)


def test_every_packet_is_found(demo: finrst.Capture) -> None:
    packets = demo.packets(range(len(demo)))
    assert len(packets) == sum(demo.ledger["packets"])
    assert packets["packet"] == sorted(packets["packet"])
    per = dict(packets.counts("connection_id"))
    for row in demo.connections:
        assert per[row["connection_id"]] == sum(row[name] for name in COUNTED)


def test_relative_numbers_are_those_of_teardowns(demo: finrst.Capture) -> None:
    packets = {row["packet"]: row for row in demo.packets(range(len(demo)))}
    checked = 0
    for row in demo.teardowns:
        if row["seq"] is None or row["seq"] < 0:
            continue
        found = packets[row["packet"]]
        same = ("sender", "flags", "seq_raw", "ack_raw", "window", "ttl", "ip_id", "time")
        assert {k: found[k] for k in same} == {k: row[k] for k in same}
        assert found["seq"] == row["seq"]
        checked += 1
    assert checked > 15


def test_saved_packets_are_the_same(demo: finrst.Capture, tmp_path: Path) -> None:
    chosen = [2, 13]
    assert demo.save(chosen, tmp_path / "x.pcapng") == len(demo.packets(chosen))
    again = finrst.read(tmp_path / "x.pcapng")
    assert len(again) == 2
    names = ("client_ip", "client_port", "ending", "cause", "start", "end", "client_bytes")
    for old, new in zip(chosen, again.connections, strict=True):
        row = demo.connection(old).to_dict()
        assert {k: new[k] for k in names} == {k: row[k] for k in names}
    assert [path.name for path in tmp_path.iterdir()] == ["x.pcapng"]


def test_bytes_can_be_read_again() -> None:
    assert len(finrst.read(DEMO.read_bytes()).packets(0)) == 2


def test_a_stream_cannot() -> None:
    cap = finrst.read(io.BytesIO(DEMO.read_bytes()))
    with pytest.raises(finrst.CaptureError, match="a stream, which can be read only once"):
        cap.packets(0)


def test_gone_and_changed_files_are_told(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    shutil.copy(DEMO, path)
    cap = finrst.read(path)
    with path.open("ab") as file:
        file.write(b"\0" * 16)
    with pytest.raises(finrst.CaptureError, match="has changed since it was read"):
        cap.packets(0)
    path.unlink()
    with pytest.raises(finrst.CaptureError, match="is gone"):
        cap.save(0, tmp_path / "y.pcapng")
    assert not list(tmp_path.iterdir())


def test_unknown_connections(demo: finrst.Capture) -> None:
    with pytest.raises(KeyError, match="no connection 99: 25 were found"):
        demo.packets([0, 99])


def test_a_script_has_packets() -> None:
    cap = finrst.conversation("> S, < S., > ., > P. 120, < R.")
    assert cap.packets(0)["flags"] == ["SYN", "SYN,ACK", "ACK", "PSH,ACK", "RST,ACK"]
    assert cap.packets(0)["seq"] == [0, 0, 1, 1, 1]


def _block(kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def _capture_of(times: list[int]) -> bytes:
    """Make a pcapng of the demonstration's first packets, at times in ns that may be negative."""
    offset = -9_223_372_037
    octets = DEMO.read_bytes()
    made = _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    options = struct.pack("<HHB3xHHqHH", 9, 1, 9, 14, 8, offset, 0, 0)
    made += _block(1, struct.pack("<HHI", 1, 0, 0) + options)
    at = 24
    for time in times:
        captured, original = struct.unpack_from("<II", octets, at + 8)
        stamp = time - offset * 10**9
        head = struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, captured, original)
        made += _block(6, head + octets[at + 16 : at + 16 + captured])
        at += 16 + captured
    return made


@pytest.mark.parametrize(
    "times",
    [
        [-1, 0],
        [-(2**63), -(2**63) + 1],
        [-315_619_200_123_456_789, -315_619_200_000_000_001],
        [-5, 7],
        [0, 1],
    ],
)
def test_times_before_1970_are_saved_as_they_are(tmp_path: Path, times: list[int]) -> None:
    pytest.importorskip("pyarrow")
    (tmp_path / "old.pcapng").write_bytes(_capture_of(times))
    cap = finrst.read(tmp_path / "old.pcapng")
    ids = range(len(cap))

    def stamps(capture: finrst.Capture) -> list[int]:
        times = capture.packets(range(len(capture))).to_arrow()["time"]
        return list(times.cast("int64").to_pylist())

    assert stamps(cap) == times
    cap.save(ids, tmp_path / "saved.pcapng")
    again = finrst.read(tmp_path / "saved.pcapng")
    assert stamps(again) == times
    # One interface a link type, and one more only where there is something before 1970.
    wanted = len({time < 0 for time in times})
    assert len(again.interfaces) == wanted
