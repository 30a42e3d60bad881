"""Packets of connections that addresses, ports and packet numbers do not tell apart."""

from __future__ import annotations

import re
import struct
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import finrst
from conftest import SHARED
from finrst.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DEMO = Path(__file__).parents[1] / "data/demo.pcap"
CLIENT, SERVER = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
FIN, SYN, RST, ACK = 1, 2, 4, 16
# Of one talk: who sends, flags, sequence and acknowledgment number, payload.
TALK = (
    (CLIENT, SYN, 0, 0, 0),
    (SERVER, SYN | ACK, 0, 1, 0),
    (CLIENT, ACK, 1, 1, 10),
    (SERVER, RST | ACK, 1, 11, 0),
)


def ip(source: bytes, protocol: int, payload: bytes, *, number: int = 1, place: int = 0) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), number, place, 64, protocol, 0)
    return head + source + (SERVER if source == CLIENT else CLIENT) + payload


def tcp(step: tuple[bytes, int, int, int, int], *, base: int = 0, port: int = 40_000) -> bytes:
    source, flags, sequence, acknowledgment, length = step
    ports = (port, 443) if source == CLIENT else (443, port)
    numbers = (base + sequence, base + acknowledgment if flags & ACK else 0)
    return struct.pack(">HHIIBBHHH", *ports, *numbers, 0x50, flags, 65_535, 0, 0) + bytes(length)


def ethernet(packet: bytes, vlan: int | None = None) -> bytes:
    tag = b"" if vlan is None else struct.pack(">HH", 0x8100, vlan)
    return bytes(12) + tag + b"\x08\x00" + packet


def pcap(frames: Iterable[tuple[float, bytes]]) -> bytes:
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1)]
    for time, frame in frames:
        seconds, micros = divmod(round(time * 1e6), 1_000_000)
        out.append(struct.pack("<IIII", 1_700_000_000 + seconds, micros, len(frame), len(frame)))
        out.append(frame)
    return b"".join(out)


def gre(source: bytes, key: int, inner: bytes) -> bytes:
    return ip(source, 47, struct.pack(">HHI", 0x2000, 0x0800, key) + inner)


def twins(wrapped: Any) -> bytes:
    """One talk twice at the same time, wrapped in two ways; their numbers differ."""
    frames = [
        wrapped(way, step, ip(step[0], 6, tcp(step, base=10_000 * (way + 1))))
        for step in TALK
        for way in range(2)
    ]
    return pcap((place / 1000, frame) for place, frame in enumerate(frames))


WAYS: dict[str, Any] = {
    "vlan": lambda way, _, packet: ethernet(packet, 10 + way),
    "vlan or none": lambda way, _, packet: ethernet(packet, 10 if way else None),
    "gre": lambda way, step, packet: ethernet(gre(step[0], way, packet)),
    "gre or none": lambda way, step, packet: ethernet(gre(step[0], 1, packet) if way else packet),
}


def held(cap: finrst.Capture) -> None:
    """Hold the packets of all connections, and those of each alone, against the rows."""
    everything = list(cap.packets(range(len(cap))))
    taken = sum(row["packets"] for row in cap.ledger if row["class"] == "tcp")
    assert len({row["packet"] for row in everything}) == len(everything) == taken
    count = Counter((row["connection_id"], row["sender"]) for row in everything)
    for row in cap.connections:
        number = row["connection_id"]
        assert count[number, "client"] == row["client_packets"]
        assert count[number, "server"] == row["server_packets"]
    for number in range(0, len(cap), max(1, len(cap) // 10)):
        expected = [row for row in everything if row["connection_id"] == number]
        assert list(cap.packets(number)) == expected


@pytest.mark.parametrize("way", WAYS)
def test_twins_are_told_apart(way: str, tmp_path: Path) -> None:
    cap = finrst.read(twins(WAYS[way]))
    assert len(cap) == 2
    held(cap)
    for number in range(2):
        packets = cap.packets(number)
        assert packets["packet"] == [1 + number, 3 + number, 5 + number, 7 + number]
        assert packets["seq"] == [0, 0, 1, 1]
        out = tmp_path / f"{number}.pcapng"
        assert cap.save(number, out) == 4
        saved = finrst.read(out)
        assert (len(saved), saved.ledger["packets"]) == (1, [4])
        base = 10_000 * (number + 1)
        assert saved.packets(0)["seq_raw"] == [base, base, base + 1, base + 1]
        drawn = re.findall(r">#(\d+)<", str(cap.plot.ladder(number)))
        assert [int(packet) for packet in drawn] == packets["packet"]


def test_what_explain_draws_is_of_one_vlan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(twins(WAYS["vlan"]))
    assert main(["explain", str(path), "--connection", "1", "--packets"]) == 0
    drawn = capsys.readouterr().out.split("\nPackets\n")[1].split("\nIn Wireshark")[0]
    # Notes that have no room beside their packet stand in lines of their own.
    first = [words[0] for line in drawn.splitlines()[1:] if (words := line.split())]
    assert [word for word in first if word.isdigit()] == list("2468")


def test_icmp_errors_go_with_the_connection_on_their_vlan(tmp_path: Path) -> None:
    quoted = ip(CLIENT, 6, tcp(TALK[0]))
    error = ip(SERVER, 1, struct.pack(">BBHI", 3, 13, 0, 0) + quoted[:28])
    frames = [ethernet(quoted, 10), ethernet(quoted, 20), ethernet(error, 10), ethernet(error, 10)]
    cap = finrst.read(pcap((place / 1000, frame) for place, frame in enumerate(frames)))
    assert cap.connections["icmp_errors"] == [2, 0]
    # They come after the last packet of their connection.
    assert cap.save(0, tmp_path / "x.pcapng") == 3
    assert cap.save(1, tmp_path / "y.pcapng") == 1
    assert finrst.read(tmp_path / "x.pcapng").connections["icmp_errors"] == [2]
    assert cap.packets([0, 1])["packet"] == [1, 2]


def test_fragments_go_with_their_datagram(tmp_path: Path) -> None:
    def cut(step: tuple[bytes, int, int, int, int], number: int) -> Iterator[bytes]:
        whole = tcp(step)
        yield ip(step[0], 6, whole[:24], number=number, place=0x2000)
        yield ip(step[0], 6, whole[24:], number=number, place=3)

    first, second = cut(TALK[2], 7)
    other = ip(CLIENT, 17, bytes(24), number=8, place=0x2000)
    packets = [*(ip(step[0], 6, tcp(step)) for step in TALK[:2]), first, other, second]
    packets.append(ip(SERVER, 6, tcp(TALK[3])))
    data = pcap((place / 1000, ethernet(packet)) for place, packet in enumerate(packets))
    cap = finrst.read(data)
    held(cap)
    assert cap.packets(0)["packet"] == [1, 2, 5, 6]
    assert cap.save(0, tmp_path / "x.pcapng") == 5
    saved = finrst.read(tmp_path / "x.pcapng")
    assert dict(zip(saved.ledger["class"], saved.ledger["packets"], strict=True)) == {
        "ip_fragment": 1,
        "tcp": 4,
    }
    assert saved.connections["client_bytes"] == cap.connections["client_bytes"] == [10]


def test_fragments_in_a_tunnel_that_is_in_fragments_go_too(tmp_path: Path) -> None:
    def cut(protocol: int, whole: bytes, number: int, at: int = 24) -> list[bytes]:
        return [
            ip(CLIENT, protocol, whole[:at], number=number, place=0x2000),
            ip(CLIENT, protocol, whole[at:], number=number, place=at // 8),
        ]

    head = struct.pack(">HH", 0, 0x0800)
    inner = [head + fragment for fragment in cut(6, tcp(TALK[2]), 7)]
    outer = [part for number, one in enumerate(inner) for part in cut(47, one, 20 + number)]
    strange = cut(17, bytes(40), 30)
    packets = [outer[0], strange[0], *outer[1:3], strange[1], outer[3]]
    data = pcap((place / 1000, ethernet(packet)) for place, packet in enumerate(packets))
    cap = finrst.read(data)
    assert cap.packets(0)["packet"] == [6]
    assert cap.save(0, tmp_path / "x.pcapng") == 4
    saved = finrst.read(tmp_path / "x.pcapng")
    assert saved.ledger["packets"] == [3, 1]
    assert saved.connections["client_bytes"] == cap.connections["client_bytes"] == [10]


OPTIONS: dict[str, dict[str, Any]] = {
    "filter": {"filter": "port 4001 or vlan"},
    "start and end": {"start": "+10s", "end": "+1000s"},
    "timeouts": {"linger": 0, "idle_timeout": 0.01, "handshake_timeout": 0},
    "memory": {"memory_limit": 9_000},
    "threads": {"threads": 3, "chunk": 77},
    "thresholds": {"parameters": {"idle_s": 2.0}},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_packets_are_those_of_a_reading_with_the_same_options(name: str, tmp_path: Path) -> None:
    options = OPTIONS[name]
    cap = finrst.read(DEMO, progress=False, **options)
    assert len(cap) > 0
    held(cap)
    written = cap.save(range(len(cap)), tmp_path / "x.pcapng")
    assert written == sum(row["packets"] for row in cap.ledger if row["class"] == "tcp")


def test_a_decompression_limit_holds_again(tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "x.pcap.gz"
    path.write_bytes(gzip.compress(DEMO.read_bytes()))
    with pytest.warns(finrst.CaptureWarning, match="a limit stopped"):
        cap = finrst.read(path, max_uncompressed_bytes=9_000)
    assert 0 < len(cap) < 25
    held(cap)


def test_connections_that_were_evicted_and_begun_again(tmp_path: Path) -> None:
    talks = [(port, step) for turn in range(3) for step in TALK for port in range(1000, 1060)]
    frames = [ethernet(ip(step[0], 6, tcp(step, port=port))) for port, step in talks]
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap((place / 1000, frame) for place, frame in enumerate(frames)))
    cap = finrst.read(path, memory_limit=100_000)
    assert dict(cap.connections.counts("release"))["evicted"] > 10
    held(cap)


def test_several_files_merged_by_time(tmp_path: Path) -> None:
    frames = [ethernet(ip(step[0], 6, tcp(step, port=port))) for step in TALK for port in (1, 2, 3)]
    timed = [(place / 1000, frame) for place, frame in enumerate(frames)]
    for turn in range(2):
        (tmp_path / f"{turn}.pcap").write_bytes(pcap(timed[turn::2]))
    cap = finrst.read(sorted(tmp_path.iterdir(), reverse=True))
    assert len(cap) == 3
    held(cap)
    packets = cap.packets(1)
    assert packets["packet"] == [2, 5, 8, 11]
    assert [Path(name).name for name in packets["file"]] == ["1.pcap", "0.pcap"] * 2


def test_each_connection_is_given_once(tmp_path: Path) -> None:
    cap = finrst.read(DEMO)
    assert list(cap.packets([0, 0])) == list(cap.packets(0))
    assert list(cap.packets([2, 0, 2])) == list(cap.packets([0, 2]))
    assert len(cap.packets([])) == 0
    assert cap.save([0, 0], tmp_path / "x.pcapng") == 2


def test_what_differs_is_named(tmp_path: Path) -> None:
    """A source that is not watched: bytes that their owner changed."""
    data = bytearray(DEMO.read_bytes())
    cap = finrst.read(data)
    # The last packet of connection 0 turns into one of another port.
    offset, packets = 24, cap.packets(0)["packet"]
    for _ in range(packets[-1] - 1):
        offset += 16 + struct.unpack_from("<I", data, offset + 8)[0]
    data[offset + 16 + 14 + 20 + 1] ^= 0xFF
    said = r"connection 0 has [01] packets of the (client|server) instead of [12]"
    with pytest.raises(finrst.CaptureError, match=said):
        cap.packets(0)
    with pytest.raises(finrst.CaptureError, match=said):
        cap.save(0, tmp_path / "x.pcapng")
    assert not list(tmp_path.iterdir())
    assert len(cap.packets(2)) > 0
    data[24:] = bytes(len(data) - 24)
    report = tmp_path / "x.html"
    cap.report(report)
    assert "No packets are drawn: read again, the source gives other packets" in report.read_text()


def test_all_connections_behind_damage_have_packets(tmp_path: Path) -> None:
    path = SHARED / "captures/faults/resync.pcap"
    if not path.is_file():
        pytest.skip(f"SKIPPED: no {path}")
    with pytest.warns(finrst.CaptureWarning, match="passed over"):
        cap = finrst.read(path, resync=True)
    assert len(cap) == 25
    held(cap)
    out = tmp_path / "x.pcapng"
    assert cap.save(24, out) == len(cap.packets(24)) == 4
    page = tmp_path / "x.html"
    cap.report(page)
    assert "No packets are drawn" not in page.read_text()
    assert page.read_text().count('class="example"') == 5
