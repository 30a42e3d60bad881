"""Reading and making IP packets with TCP inside, enough for the forwarder and the forger."""

from __future__ import annotations

import dataclasses
import socket
import struct

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32


@dataclasses.dataclass
class Packet:
    """One TCP segment; `options` is the raw option block, `ident` the IPv4 ID."""

    src: str
    dst: str
    sport: int
    dport: int
    seq: int
    ack: int = 0
    flags: int = ACK
    payload: bytes = b""
    window: int = 0
    ttl: int = 64
    ident: int = 0
    df: bool = True
    options: bytes = b""
    # Bits of the checksum that are wrong.
    spoil: int = 0

    @property
    def v6(self) -> bool:
        return ":" in self.src

    @property
    def length(self) -> int:
        """What the segment takes in sequence space."""
        return len(self.payload) + bool(self.flags & SYN) + bool(self.flags & FIN)

    @property
    def end(self) -> int:
        return (self.seq + self.length) & 0xFFFFFFFF

    def has(self, flags: int) -> bool:
        return self.flags & flags == flags

    @property
    def bare_syn(self) -> bool:
        return self.flags & (SYN | ACK | RST) == SYN

    @property
    def syn_ack(self) -> bool:
        return self.has(SYN | ACK)

    def reply(self, **changes: object) -> Packet:
        """A segment the other way, with nothing but the addresses taken over."""
        made = Packet(self.dst, self.src, self.dport, self.sport, seq=self.ack, ack=self.end)
        return dataclasses.replace(made, **changes)  # type: ignore[arg-type]

    def timestamps(self) -> tuple[int, int, int] | None:
        """Where the timestamps option's values begin, TSval and TSecr."""
        at = 0
        while at < len(self.options):
            kind = self.options[at]
            if kind == 0:
                break
            if kind == 1:
                at += 1
                continue
            if kind == 8:
                value, echo = struct.unpack_from(">II", self.options, at + 2)
                return at + 2, value, echo
            at += max(2, self.options[at + 1])
        return None

    def encode(self) -> bytes:
        family = socket.AF_INET6 if self.v6 else socket.AF_INET
        src, dst = (socket.inet_pton(family, a) for a in (self.src, self.dst))
        options = self.options + b"\0" * (-len(self.options) % 4)
        offset = (20 + len(options)) // 4 << 12 | self.flags
        numbers = (self.sport, self.dport, self.seq & 0xFFFFFFFF, self.ack & 0xFFFFFFFF)
        head = struct.pack(">HHIIHH", *numbers, offset, self.window & 0xFFFF)
        size = len(head) + 4 + len(options) + len(self.payload)
        pseudo = (
            src
            + dst
            + struct.pack(">II" if self.v6 else ">HH", *((size, 6) if self.v6 else (6, size)))
        )
        body = options + self.payload
        total = checksum(pseudo + head + b"\0\0\0\0" + body)
        tcp = head + struct.pack(">HH", total ^ self.spoil, 0) + body
        if self.v6:
            return struct.pack(">IHBB", 6 << 28, size, 6, self.ttl) + src + dst + tcp
        fragment = 0x4000 if self.df else 0
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + size, self.ident, fragment, self.ttl, 6, 0)
        ip += src + dst
        return ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:] + tcp


def decode(data: bytes) -> Packet | None:
    """An IP packet; None when it is not TCP or is a fragment."""
    if data[0] >> 4 == 6:
        if data[6] != 6:
            return None
        family, at, total, ttl, ident, df = socket.AF_INET6, 40, len(data), data[7], 0, True
        src, dst = data[8:24], data[24:40]
    else:
        if data[9] != 6 or struct.unpack_from(">H", data, 6)[0] & 0x1FFF:
            return None
        family, at, ttl = socket.AF_INET, (data[0] & 15) * 4, data[8]
        total, ident, frag = struct.unpack_from(">HHH", data, 2)
        df = bool(frag & 0x4000)
        src, dst = data[12:16], data[16:20]
    if data[0] >> 4 == 6:
        total = 40 + struct.unpack_from(">H", data, 4)[0]
    sport, dport, seq, ack, offset, window = struct.unpack_from(">HHIIHH", data, at)
    head = at + (offset >> 12) * 4
    return Packet(
        socket.inet_ntop(family, src),
        socket.inet_ntop(family, dst),
        sport,
        dport,
        seq,
        ack,
        offset & 0xFF,
        bytes(data[head:total]),
        window,
        ttl,
        ident,
        df,
        bytes(data[at + 20 : head]),
    )


def checksum(data: bytes) -> int:
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
