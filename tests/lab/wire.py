"""What really was on the wire: captures read back, one short history a connection."""

from __future__ import annotations

import collections
import dataclasses
import ipaddress
import pathlib
import re
import struct
from collections.abc import Iterator

from labels import Label, Record
from packet import ACK, FIN, PSH, RST, SYN, URG, Packet, decode

Ends = tuple[tuple[str, int], tuple[str, int]]


@dataclasses.dataclass
class Seen:
    """One connection of a capture: who sent what, in order."""

    isn: int | None
    packets: list[tuple[tuple[str, int], str]] = dataclasses.field(default_factory=list)
    # When (Unix time), by whom and what: the resets.
    resets: list[tuple[float, tuple[str, int], str]] = dataclasses.field(default_factory=list)

    def history(self, client: tuple[str, int]) -> str:
        return " ".join((">" if sender == client else "<") + what for sender, what in self.packets)


def frames(path: pathlib.Path) -> Iterator[tuple[int, bytes]]:
    """Time in nanoseconds and the IP packet of each frame, Ethernet or Linux cooked."""
    data = path.read_bytes()
    head = {1: 14, 113: 16, 276: 20}[struct.unpack_from("<I", data, 20)[0]]
    scale = 1 if struct.unpack_from("<I", data)[0] == 0xA1B23C4D else 1000
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, size, _ = struct.unpack_from("<IIII", data, at)
        at += 16
        yield seconds * 1_000_000_000 + fraction * scale, data[at + head : at + size]
        at += size


def letters(packet: Packet) -> str:
    if packet.flags & SYN:
        return "SA" if packet.flags & ACK else "S"
    if packet.flags & RST:
        return "RA" if packet.flags & ACK else "R"
    if packet.has(FIN | PSH | URG):
        return "X"
    if packet.flags & FIN:
        return "F"
    if not packet.flags & ACK:
        return "N"
    return "D" if packet.payload else "A"


def quoted(data: bytes) -> Ends | None:
    """The connection that an ICMP error speaks of, its sender first."""
    if data[0] >> 4 == 6:
        if data[6] != 58 or data[40] not in (1, 2):
            return None
        inner = data[48:]
        src, dst, at = inner[8:24], inner[24:40], 40
    else:
        head = (data[0] & 15) * 4
        if data[9] != 1 or data[head] != 3:
            return None
        inner = data[head + 8 :]
        src, dst, at = inner[12:16], inner[16:20], (inner[0] & 15) * 4
    sport, dport = struct.unpack_from(">HH", inner, at)
    return (str(ipaddress.ip_address(src)), sport), (str(ipaddress.ip_address(dst)), dport)


def connections(path: pathlib.Path) -> dict[Ends, list[Seen]]:
    """A pure SYN with a new ISN begins another connection of its tuple."""
    cooked = struct.unpack_from("<I", path.read_bytes(), 20)[0] != 1
    found: dict[Ends, list[Seen]] = {}
    copies: collections.deque[tuple[object, ...]] = collections.deque(maxlen=64)
    for at, data in frames(path):
        packet = decode(data)
        if packet and cooked:
            # On all interfaces at once, a forwarded packet is captured twice.
            shape: tuple[object, ...] = (packet.src, packet.sport, packet.dst, packet.dport)
            shape += (packet.seq, packet.ack, packet.flags, len(packet.payload), packet.ident)
            if (*shape, packet.ttl + 1) in copies:
                continue
            copies.append((*shape, packet.ttl))
        if packet is None:
            if ends := quoted(data):
                low, high = sorted(ends)
                found.setdefault((low, high), [Seen(None)])[-1].packets.append((ends[1], "I"))
            continue
        sender = (packet.src, packet.sport)
        low, high = sorted((sender, (packet.dst, packet.dport)))
        rows = found.setdefault((low, high), [])
        if not rows or (packet.bare_syn and rows[-1].isn != packet.seq):
            rows.append(Seen(packet.seq if packet.bare_syn else None))
        rows[-1].packets.append((sender, letters(packet)))
        if packet.flags & RST:
            rows[-1].resets.append((at / 1e9, sender, letters(packet)))
    return found


def pattern(expect: str) -> str:
    # A FIN may be repeated before it is answered: a kernel's probe for a lost tail does that.
    expect = re.sub(r"([<>])F~", r"\1F(?: \1F| [<>][AD])*", expect)
    return expect.replace("~", "(?: [<>][AD])*")


def check(files: dict[str, pathlib.Path], records: list[Record]) -> list[tuple[str, Record | None]]:
    """Every connection labelled, every label found, and each as its scenario meant it."""
    wrong: list[tuple[str, Record | None]] = []
    for vantage, file in files.items():
        found = connections(file)
        for record in records:
            low, high = sorted((record.client, record.server))
            rows = found.get((low, high), [])
            label: Label | None = record.views.get(vantage)
            if label is None:
                continue
            name = f"{record.scenario}/{record.repetition} at {vantage}"
            name += f" {record.client[0]}:{record.client[1]}>{record.server[1]}"
            ordinal = record.ordinals[vantage]
            if ordinal > len(rows):
                text = f"{name}: not in the capture (connection {ordinal} of {len(rows)})"
                wrong.append((text, record))
                continue
            history = rows[ordinal - 1].history(record.client)
            if not re.fullmatch(pattern(label.expect), history):
                text = f"{name}: {label.expect!r} expected, but it was {history[:300]!r}"
                wrong.append((text, record))
        known: dict[Ends, int] = {}
        for record in records:
            low, high = sorted((record.client, record.server))
            known[low, high] = max(known.get((low, high), 0), record.ordinals.get(vantage, 0))
        for ends, rows in found.items():
            if len(rows) != known.get(ends, 0):
                story = rows[-1].history(ends[0])[:200]
                count = f"{len(rows)} captured, {known.get(ends, 0)} labelled"
                wrong.append((f"unlabelled at {vantage}: {ends} {count}: {story}", None))
    return wrong
