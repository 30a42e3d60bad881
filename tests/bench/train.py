"""What a build with profiles learns from: made-up traffic of every usual kind, read and scanned.

    maturin build --profile wheel --pgo        # or MATURIN_PGO=1 pip install .

runs this with an instrumented build and compiles again by what it counted. Needs nothing but the
standard library and finrst; the traffic is the same every time and none of `gencap`'s.
"""

import random
import struct
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import finrst

DATA = Path(__file__).resolve().parents[1] / "data"
CONNECTIONS = 4000
FIN, SYN, RST, PUSH, ACK = 1, 2, 4, 8, 16
CLIENT, SERVER = 0, 1
MSS = 1448
START = 1_700_000_000.0
# How often a connection goes this way.
SHARES = {
    "closed": 55,
    "refused": 10,
    "unanswered": 10,
    "reset": 9,
    "abandoned": 4,
    "lossy": 5,
    "left_open": 5,
    "long": 2,
}
OFFER = bytes.fromhex("020405b4 0402 080a")
STAMPS = struct.pack(">II", 1, 1)
HELLO = bytes.fromhex("16030100c8010000c40303") + bytes(190)

# Seconds after the beginning, who sends, flags, payload; negative flags send the latest bytes again.
Step = tuple[float, int, int, bytes]


class Host:
    """One side of a connection: where it is, whether its port is closed, its next byte."""

    def __init__(self, address: bytes, port: int, draw: random.Random, *, closed: bool) -> None:
        self.address, self.port, self.closed = address, port, closed
        self.next = 0 if closed else draw.randrange(1 << 32)
        self.identification = draw.randrange(1 << 16)


def steps(kind: str, draw: random.Random) -> Iterator[Step]:
    """What happens in one connection."""
    trip = draw.uniform(0.0005, 0.08)
    at = 0.0
    yield at, CLIENT, SYN, b""
    if kind == "unanswered":
        yield 1.0, CLIENT, -SYN, b""
        yield 3.0, CLIENT, -SYN, b""
        return
    at += trip
    if kind == "refused":
        yield at, SERVER, RST | ACK, b""
        return
    yield at, SERVER, SYN | ACK, b""
    if kind == "abandoned":
        yield 0.15, CLIENT, RST, b""
        return
    yield at, CLIENT, ACK, b""
    for _ in range(draw.choice([1, 1, 2, 3])):
        request = HELLO if draw.random() < 0.7 else b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
        yield at, CLIENT, PUSH | ACK, request
        at += trip
        yield at, SERVER, ACK, b""
        for number in range(600 if kind == "long" else draw.randrange(1, 8)):
            at += 0.0002
            yield at, SERVER, ACK, bytes(MSS)
            if kind == "lossy" and draw.random() < 0.3:
                yield at + 2 * trip, SERVER, -ACK, bytes(MSS)
            if number % 2:
                yield at, CLIENT, ACK, b""
        at += 3 * trip + draw.expovariate(1.0)
    if kind == "left_open":
        return
    if kind == "reset":
        yield at, draw.choice([CLIENT, SERVER]), RST | ACK, b""
        return
    yield at, CLIENT, FIN | ACK, b""
    yield at + trip, SERVER, FIN | ACK, b""
    yield at + 2 * trip, CLIENT, ACK, b""


def frame(hosts: list[Host], step: Step, tag: bytes) -> bytes:
    """The bytes of one step."""
    _, sender, signed, payload = step
    own, peer = hosts[sender], hosts[1 - sender]
    flags = abs(signed)
    length = len(payload) + bool(flags & (SYN | FIN))
    if signed < 0:
        own.next -= length
    if flags & SYN:
        options = OFFER + STAMPS + bytes.fromhex("01 030307")
    else:
        options = b"" if own.closed else b"\1\1\x08\x0a" + STAMPS
    offset, acknowledged = (20 + len(options)) << 2, peer.next if flags & ACK else 0
    ports = struct.pack(">HH", own.port, peer.port)
    numbers = (own.next & 0xFFFFFFFF, acknowledged & 0xFFFFFFFF, offset, flags, 65535, 0, 0)
    segment = ports + struct.pack(">IIBBHHH", *numbers) + options + payload
    own.next += length
    own.identification = (own.identification + 1) & 0xFFFF
    if len(own.address) == 4:
        lengths = (20 + len(segment), own.identification)
        head = struct.pack(">BBHHHBBH", 0x45, 0, *lengths, 0x4000, 60, 6, 0)
        kind = 0x0800
    else:
        head = struct.pack(">IHBB", 6 << 28, len(segment), 6, 60)
        kind = 0x86DD
    link = bytes([2, 0, 0, 0, 0, sender]) + bytes([2, 0, 0, 0, 0, 1 - sender])
    return link + tag + struct.pack(">H", kind) + head + own.address + peer.address + segment


def traffic(kinds: list[str], draw: random.Random) -> list[tuple[float, bytes]]:
    """Packets of these connections, in order of time."""
    packets = []
    for number, kind in enumerate(kinds):
        width = 16 if draw.random() < 0.2 else 4
        ends = [bytes([10]) * (width - 2) + struct.pack(">H", number % 500)]
        ends.append(bytes([192]) * (width - 1) + bytes([number % 50]))
        closed = kind == "refused"
        port = 81 if closed else draw.choice([443, 443, 80, 22])
        client = Host(ends[CLIENT], 1024 + number, draw, closed=False)
        hosts = [client, Host(ends[SERVER], port, draw, closed=closed)]
        begin = START + draw.uniform(0, 300)
        tag = struct.pack(">HH", 0x8100, 7) if draw.random() < 0.1 else b""
        happens = sorted(steps(kind, draw), key=lambda step: step[0])
        packets += [(begin + step[0], frame(hosts, step, tag)) for step in happens]
    packets.sort(key=lambda packet: packet[0])
    return packets


def pcap(packets: list[tuple[float, bytes]], cut: int) -> bytes:
    """A classic capture that keeps so many bytes of each packet."""
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, cut, 1)]
    for time, octets in packets:
        kept = octets[:cut]
        stamp = divmod(round(time * 1e6), 1_000_000)
        out += [struct.pack("<IIII", *stamp, len(kept), len(octets)), kept]
    return b"".join(out)


def pcapng(packets: list[tuple[float, bytes]]) -> bytes:
    """The same in the other format."""
    out = [struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)]
    out.append(struct.pack("<IIHHII", 1, 20, 1, 0, 0, 20))
    for time, octets in packets:
        length, stamp = 32 + len(octets) + -len(octets) % 4, round(time * 1e6)
        times = (stamp >> 32, stamp & 0xFFFFFFFF, len(octets), len(octets))
        out += [struct.pack("<IIIIIII", 6, length, 0, *times), octets]
        out += [bytes(-len(octets) % 4), struct.pack("<I", length)]
    return b"".join(out)


def write(packets: list[tuple[float, bytes]], folder: Path) -> list[Path]:
    """Captures of these packets: whole, cut by a snap length, and in the other format."""
    files = {"whole.pcap": pcap(packets, 65535), "cut.pcap": pcap(packets, 96)}
    files["whole.pcapng"] = pcapng(packets)
    for name, octets in files.items():
        (folder / name).write_bytes(octets)
    return [folder / name for name in files]


def captures(folder: Path) -> list[Path]:
    """Those of all the traffic."""
    draw = random.Random(1)
    packets = traffic(draw.choices(list(SHARES), list(SHARES.values()), k=CONNECTIONS), draw)
    return write(packets, folder)


def main() -> None:
    """Read everything in every usual way."""
    warnings.simplefilter("ignore", finrst.CaptureWarning)
    with tempfile.TemporaryDirectory() as folder:
        for path in captures(Path(folder)):
            finrst.read(path, threads=1)
            finrst.read(path, threads=2)
            for _ in finrst.scan(path):
                pass
    for path in [DATA / "demo.pcap", *sorted((DATA / "captures").glob("*.pcap*"))]:
        finrst.read(path)


if __name__ == "__main__":
    main()
