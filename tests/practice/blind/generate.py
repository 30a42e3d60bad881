"""Writes the pcaps of the blind cases: what the notation of scripts cannot say.

    python tests/practice/blind/generate.py

Hardware addresses, IPv6 and its flow labels, DF, identifications, checksums, ICMP that quotes,
SACK, address translation and proxies with both legs in one capture.
"""

from __future__ import annotations

import ipaddress
import pathlib
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = pathlib.Path(__file__).resolve().parent
START = 1_767_225_600_000_000
BITS = {"F": 1, "S": 2, "R": 4, "P": 8, ".": 16, "U": 32, "E": 64, "W": 128}
WRITTEN: dict[str, Callable[[Tap], None]] = {}


def checksum(data: bytes) -> int:
    """The internet checksum (RFC 1071)."""
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Tap:
    """One capture: Ethernet frames and the time."""

    def __init__(self) -> None:
        self.now = START
        self.frames: list[tuple[int, bytes]] = []
        self.snap = 65535

    def wait(self, seconds: float) -> None:
        self.now += round(seconds * 1e6)

    def ip(self, source: str, target: str, protocol: int, body: bytes, **how: Any) -> bytes:
        """An IP packet of either version."""
        one, two = ipaddress.ip_address(source), ipaddress.ip_address(target)
        ttl = how.get("ttl", 64)
        if one.version == 6:
            first = 6 << 28 | how.get("label", 0)
            head = struct.pack("!IHBB", first, len(body), protocol, ttl)
            return head + one.packed + two.packed + body
        number, df = how.get("id", 0), 0x4000 if how.get("df", True) else 0
        head = struct.pack(
            "!BBHHHBBH", 0x45, how.get("tos", 0), 20 + len(body), number, df, ttl, protocol, 0
        )
        head += one.packed + two.packed
        return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body

    def frame(self, packet: bytes, **how: Any) -> None:
        """Captures it, from this hardware address to that."""
        ether = 0x86DD if packet[0] >> 4 == 6 else 0x0800
        macs = bytes([2, 0, 0, 0, 0, how.get("to", 9)]) + bytes([2, 0, 0, 0, 0, how.get("mac", 1)])
        tag = struct.pack("!HH", 0x8100, how["vlan"]) if "vlan" in how else b""
        self.frames.append((self.now, macs + tag + struct.pack("!H", ether) + packet))

    def write(self, path: pathlib.Path) -> None:
        out = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, self.snap, 1)
        for time, frame in self.frames:
            kept = frame[: self.snap]
            out += struct.pack("<IIII", time // 10**6, time % 10**6, len(kept), len(frame)) + kept
        path.write_bytes(out)


class Host:
    """One side: what its stack writes unless said otherwise."""

    def __init__(self, address: str, port: int, **how: Any) -> None:
        self.address, self.port, self.how = address, port, how
        self.seq = how.pop("isn", 1000)
        self.isn, self.next_id, self.stamp = self.seq, how.pop("id", 100), 0

    def moved(self, **how: Any) -> Host:
        """The same host with another thing about it."""
        self.how.update(how)
        return self


class Talk:
    """Two hosts that talk: `c(...)` and `s(...)` send a segment."""

    def __init__(self, tap: Tap, client: Host, server: Host) -> None:
        self.tap, self.client, self.server = tap, client, server

    def c(self, flags: str, size: int = 0, after: float = 0.01, **how: Any) -> bytes:
        return self.send(self.client, self.server, flags, {"size": size, "after": after, **how})

    def s(self, flags: str, size: int = 0, after: float = 0.01, **how: Any) -> bytes:
        return self.send(self.server, self.client, flags, {"size": size, "after": after, **how})

    def options(self, one: Host, two: Host, flags: str, how: dict[str, Any]) -> bytes:
        out = b""
        if "S" in flags:
            out += struct.pack("!BBH", 2, 4, how.get("mss", 1460)) + bytes([1, 3, 3, 7, 4, 2])
        if how.get("stamps", True) and flags != "R":
            one.stamp = how.get("clock", 5000 + (self.tap.now - START) // 1000)
            out += struct.pack("!BBII", 8, 10, one.stamp, two.stamp)
        if "sack" in how:
            out += struct.pack("!BBII", 5, 10, *how["sack"])
        return out + b"\1" * (-len(out) % 4)

    def send(self, one: Host, two: Host, flags: str, given: dict[str, Any]) -> bytes:
        """One segment; `box` set means that somebody else wrote it in this host's name."""
        how = {**one.how, **given}
        self.tap.wait(how["after"])
        reset = "R" in flags
        payload = how.get("payload", b"x" * how["size"])
        seq = how.get("seq", one.seq)
        if flags == "R" and "seq" not in how:
            seq = one.seq
        ack = how.get("ack", two.seq if "." in flags else 0)
        bare = flags == "R" or how.get("reply")
        window = how.get("win", 0 if bare else 64240 if "S" in flags else 502)
        options = b"" if bare else self.options(one, two, flags, how)
        bits = sum(BITS[letter] for letter in flags)
        offset = (20 + len(options)) // 4 << 12
        ports = (how.get("from_port", one.port), how.get("to_port", two.port))
        head = struct.pack("!HHIIHHHH", *ports, seq, ack, offset | bits, window, 0, 0) + options
        source, target = how.get("source", one.address), how.get("target", two.address)
        ends = ipaddress.ip_address(source).packed + ipaddress.ip_address(target).packed
        whole = head + payload
        total = checksum(ends + struct.pack("!IHH", len(whole), 0, 6) + whole)
        total ^= 0x1111 if how.get("bad") else 0
        whole = whole[:16] + struct.pack("!H", total) + whole[18:]
        number = how.get("number")
        if number is None:
            zero = bare or ("S" in flags and "." in flags)
            one.next_id += not zero
            number = 0 if zero else one.next_id
        packet = self.tap.ip(source, target, 6, whole, **{**how, "id": number & 0xFFFF})
        if not (how.get("unseen") or how.get("silent")):
            self.tap.frame(packet, **how)
        if not reset and not how.get("box") and "seq" not in how:
            one.seq += len(payload) + ("S" in flags) + ("F" in flags)
        return packet

    def open(self, rtt: float = 0.02) -> Talk:
        self.c("S", after=0.3)
        self.s("S.", after=rtt)
        self.c(".", after=0.00005)
        return self

    def ask(self, rtt: float = 0.02, size: int = 120, answer: int = 500) -> Talk:
        self.c("P.", size, after=0.001)
        self.s("P.", answer, after=rtt)
        self.c(".", after=0.00005)
        return self

    def close(self, rtt: float = 0.02) -> Talk:
        self.c("F.", after=0.001)
        self.s("F.", after=rtt)
        self.c(".", after=0.00005)
        return self

    def icmp(self, reporter: str, about: bytes, kind: int, code: int, extra: int = 0) -> None:
        """An ICMP error that quotes a packet, to its sender."""
        self.tap.wait(0.002)
        six = about[0] >> 4 == 6
        source = ipaddress.ip_address(about[8:24] if six else about[12:16])
        body = struct.pack("!BBHI", kind, code, 0, extra) + about[: 200 if six else 28]
        ends = ipaddress.ip_address(reporter).packed + source.packed
        over = ends + struct.pack("!II", len(body), 58) if six else b""
        body = body[:2] + struct.pack("!H", checksum(over + body)) + body[4:]
        packet = self.tap.ip(reporter, str(source), 58 if six else 1, body, ttl=62)
        self.tap.frame(packet, mac=9, to=1)


def case(write: Callable[[Tap], None]) -> Callable[[Tap], None]:
    WRITTEN[write.__name__.replace("_", "-")] = write
    return write


A, B = "192.0.2.10", "198.51.100.20"
A6, B6 = "2001:db8:1::10", "2001:db8:2::20"


def talk(tap: Tap, port: int = 40000, to: int = 443, **server: Any) -> Talk:
    """A client here (TTL 64) and a server some hops away."""
    server = {"ttl": 57, "mac": 9, "to": 1, "isn": 900_000, **server}
    return Talk(tap, Host(A, port, mac=1, to=9), Host(B, to, **server))


def talk6(tap: Tap, port: int = 40000, to: int = 443, **server: Any) -> Talk:
    server = {"ttl": 57, "mac": 9, "to": 1, "isn": 900_000, "label": 0x54321, **server}
    return Talk(tap, Host(A6, port, mac=1, to=9, label=0x12345), Host(B6, to, **server))


@case
def mac_of_another(tap: Tap) -> None:
    for port in (41000, 41001, 41002):
        talk(tap, port).open().ask().close()
    one = talk(tap).open().ask()
    one.c("P.", 120, after=0.5)
    one.s("R.", after=0.0004, stamps=False, win=502, mac=7, number=0)
    one.s(".", after=0.02)
    one.c("R", after=0.00003)


@case
def mac_of_second_router(tap: Tap) -> None:
    for port in (41000, 41001, 41002):
        talk(tap, port).open().ask().close()
    one = talk(tap).open().ask()
    one.server.moved(mac=8)
    one.ask().ask()
    one.c("P.", 120, after=0.5)
    one.s("R.", after=0.02)


@case
def label_zero_reset(tap: Tap) -> None:
    for port in (41000, 41001, 41002, 41003):
        talk6(tap, port).open().ask().close()
    one = talk6(tap).open()
    one.c("P.", 300, after=0.001)
    one.s("R", after=0.001, label=0)
    one.s(".", after=0.02)
    one.c("R", after=0.00003)
    one.s("P.", 1400, after=0.001)
    one.c("R", after=0.00003)


@case
def label_of_the_host(tap: Tap) -> None:
    for port in (41000, 41001):
        talk6(tap, port).open().ask().close()
    one = talk6(tap).open().ask()
    one.c("P.", 120, after=3)
    one.s("R", after=0.02, label=0x9ABCD)


@case
def eyeballs_of_two_families(tap: Tap) -> None:
    six, four = talk6(tap, 50001), talk(tap, 50002)
    six.c("S", after=0.1)
    four.c("S", after=0.2502)
    four.s("S.", after=0.03)
    four.c(".", after=0.00005)
    four.ask()
    six.s("S.", after=0.05)
    six.c("R", after=0.00003)
    four.close()


@case
def two_families_apart(tap: Tap) -> None:
    six, four = talk6(tap, 50001), talk(tap, 50002)
    six.c("S", after=0.1)
    six.s("S.", after=2.4)
    six.c("R", after=0.00003)
    tap.wait(40)
    four.open().ask().close()


def closed(tap: Tap, port: int, to: int, **how: Any) -> None:
    one = talk(tap, port, to)
    one.c("S", after=0.2)
    one.s("R.", seq=0, reply=True, **{"after": 0.02, **how})


@case
def forged_refusal_without_df(tap: Tap) -> None:
    for port in (41000, 41001, 41002):
        talk(tap, port).open().ask().close()
    closed(tap, 42000, 81)
    closed(tap, 42001, 82)
    closed(tap, 40000, 443, df=False, number=40321, win=1300)
    talk(tap, 41005).open().ask().close()


@case
def refusal_without_df_as_ever(tap: Tap) -> None:
    for port in (41000, 41001):
        one = talk(tap, port, ttl=60, df=False)
        one.server.next_id = port * 7
        one.open().ask().close()
    closed(tap, 42000, 81, df=False, number=9911, ttl=60)
    closed(tap, 40000, 82, df=False, number=52113, ttl=60)


@case
def lwip_abort(tap: Tap) -> None:
    one = talk(tap, ttl=255, df=False, stamps=False, win=5840)
    one.client.moved(stamps=False)
    one.open(0.001).ask(0.001)
    one.s("R.", after=0.4, number=1)


@case
def nat_host_resets(tap: Tap) -> None:
    tap.snap = 256
    inner, outer = "10.0.0.2", "203.0.113.5"
    one = Talk(
        tap,
        Host(inner, 40000, mac=1, to=9),
        Host(B, 443, ttl=50, mac=9, to=1, isn=900_000),
    )
    two = Talk(
        tap,
        Host(outer, 40000, mac=9, to=5, ttl=63),
        Host(B, 443, ttl=51, mac=5, to=9, isn=900_000),
    )

    def both(side: str, flags: str, size: int = 0, after: float = 0.001) -> None:
        first, second = (one, two) if side == "c" else (two, one)
        getattr(first, side)(flags, size, after=after)
        getattr(second, side)(flags, size, after=0.00003)

    both("c", "S")
    both("s", "S.", after=0.03)
    both("c", ".")
    both("c", "P.", 100)
    both("s", "P.", 1400, after=0.03)
    both("c", ".")
    both("s", "P.", 1400)
    both("c", ".")
    two.s("P.", 1400, after=2, seq=900_001, ack=1101)
    two.c("R", after=0.00003, ttl=64, seq=1101)
    two.s("P.", 1400, after=0.0001)
    one.s("P.", 1400, after=0.00003)
    both("c", ".")
    two.s("R", after=0.03, seq=two.server.seq)
    one.s("R", after=0.00003, seq=one.server.seq)


def forward(one: Talk, side: str, flags: str, size: int = 0, **how: Any) -> None:
    """A segment and the same one hop further, as a router's two interfaces see it."""
    send = one.c if side == "c" else one.s
    host = one.client if side == "c" else one.server
    ttl = host.how.get("ttl", 64)
    packet = send(flags, size, **how)
    one.tap.wait(0.00003)
    header = bytearray(packet[:20])
    header[8:12] = bytes([ttl - 1, 6, 0, 0])
    header[10:12] = struct.pack("!H", checksum(bytes(header)))
    one.tap.frame(bytes(header) + packet[20:], mac=9, to=8)


@case
def routed_copy_of_everything(tap: Tap) -> None:
    one = talk(tap)
    for side, flags, size in (
        ("c", "S", 0),
        ("s", "S.", 0),
        ("c", ".", 0),
        ("c", "P.", 100),
        ("s", "P.", 400),
        ("c", ".", 0),
        ("s", "R.", 0),
    ):
        forward(one, side, flags, size)


def legs(tap: Tap) -> tuple[Talk, Talk]:
    """A client's leg to a proxy, the proxy's leg to a backend."""
    front = Talk(tap, Host(A, 40000, ttl=57, mac=9, to=5), Host("10.0.0.5", 443, mac=5, to=9))
    front.server.seq = 900_000
    back = Talk(
        tap,
        Host("10.0.0.5", 51000, mac=5, to=6, isn=77_000),
        Host("10.0.0.6", 8080, mac=6, to=5, isn=5_000_000),
    )
    return front, back


def through(front: Talk, back: Talk) -> None:
    front.c("S")
    front.s("S.", after=0.00005)
    front.c(".", after=0.03)
    front.c("P.", 300)
    front.s(".", after=0.00002)
    back.open(0.0003)
    back.c("P.", 300, after=0.0001)
    back.s(".", after=0.0003)


@case
def backend_resets_relayed(tap: Tap) -> None:
    front, back = legs(tap)
    through(front, back)
    back.s("R.", after=0.8)
    front.s("R.", after=0.0002)


@case
def backend_closes_relayed(tap: Tap) -> None:
    front, back = legs(tap)
    through(front, back)
    back.s("P.", 700, after=0.02)
    back.c(".", after=0.00003)
    front.s("P.", 700, after=0.0001)
    front.c(".", after=0.03)
    back.s("F.", after=20)
    front.s("F.", after=0.0002)
    back.c("F.", after=0.00003)
    back.s(".", after=0.0003)
    front.c("F.", after=0.03)
    front.s(".", after=0.00003)


@case
def legs_end_apart(tap: Tap) -> None:
    front, back = legs(tap)
    through(front, back)
    back.s("P.", 700, after=0.02)
    back.c(".", after=0.00003)
    front.s("P.", 700, after=0.0001)
    front.c(".", after=0.03)
    back.s("F.", after=5)
    back.c("F.", after=0.00003)
    back.s(".", after=0.0003)
    front.s("R.", after=9)


@case
def packet_too_big_ignored(tap: Tap) -> None:
    tap.snap = 256
    one = talk6(tap).open(0.04)
    one.c("P.", 400, after=0.001)
    one.s(".", after=0.04)
    first = one.c(".", 1428, after=0.001)
    one.icmp("2001:db8:1::1", first, 2, 0, 1280)
    for gap in (0.25, 0.5, 1, 2, 4):
        again = one.c(".", 1428, after=gap, seq=1401)
        one.icmp("2001:db8:1::1", again, 2, 0, 1280)


@case
def packet_too_big_obeyed(tap: Tap) -> None:
    one = talk6(tap).open(0.04)
    first = one.c(".", 1428, after=0.001)
    one.icmp("2001:db8:1::1", first, 2, 0, 1280)
    one.c(".", 1208, after=0.0002, seq=1001)
    one.c("P.", 220, after=0.00001, seq=2209)
    one.s(".", after=0.04)
    one.ask(0.04).close(0.04)


@case
def selective_acks_past_a_hole(tap: Tap) -> None:
    tap.snap = 256
    one = talk(tap).open(0.03)
    one.c("P.", 400, after=0.001)
    one.s(".", after=0.03)
    one.c(".", 1448, after=0.001)
    one.c("P.", 288, after=0.00002)
    one.s(".", after=0.03, ack=1401, sack=(2849, 3137))
    for gap in (0.1, 0.4, 0.8, 1.6, 3.2):
        one.c(".", 1448, after=gap, seq=1401)
    one.s(".", after=0.03, ack=1401, sack=(2849, 3137))
    one.c(".", 1448, after=6.4, seq=1401)


@case
def prohibited_on_the_way_v6(tap: Tap) -> None:
    one = talk6(tap)
    first = one.c("S")
    one.icmp("2001:db8:1::1", first, 1, 1)


@case
def syn_ack_with_bad_checksum(tap: Tap) -> None:
    one = talk(tap)
    one.c("S")
    one.s("S.", after=0.02, bad=True)
    for gap in (1, 2, 4):
        one.c("S", after=gap, seq=1000, ack=0)
        one.s("S.", after=0.02, seq=900_000, bad=True)


@case
def checksums_left_to_the_card(tap: Tap) -> None:
    one = talk(tap)
    one.client.moved(bad=True)
    one.open().ask().ask()
    one.c("R.", after=0.1)


@case
def forged_answer(tap: Tap) -> None:
    for port in (41000, 41001, 41002):
        talk(tap, port).open().ask().close()
    one = talk(tap).open()
    one.c("P.", 200, after=0.001)
    text = b"HTTP/1.1 302 Found\r\nLocation: http://198.51.100.66/\r\n\r\n"
    forged = {"payload": text, "stamps": False, "ttl": 64, "number": 1, "win": 8192}
    one.s("FP.", after=0.003, box=True, ack=one.client.seq, **forged)
    one.c(".", after=0.00003, ack=900_001 + len(text) + 1)
    one.s("P.", 1200, after=0.017)
    one.c(".", after=0.00003, ack=900_001 + len(text) + 1)
    one.c("F.", after=0.01, ack=900_001 + len(text) + 1)
    one.s("F.", after=0.02)


@case
def three_resets_in_step(tap: Tap) -> None:
    one = talk(tap, ttl=47).open(0.2)
    one.c("P.", 517, after=0.001)
    for step in range(3):
        how = {"stamps": False, "number": 3000 + 77 * step, "win": 4229 + step, "ttl": 92 + step}
        one.s("R.", after=0.009 if step == 0 else 0.00002, df=False, **how)
    one.s(".", after=0.19)
    one.c("R", after=0.00003)


@case
def reset_echoes_the_request(tap: Tap) -> None:
    one = talk(tap, 40000, 22, ttl=46).open(0.03).ask(0.03)
    one.client.next_id = 4321
    one.c("P.", 44, after=20, win=1433, tos=16)
    how = {"size": 44, "number": 4322, "win": 1433, "tos": 16, "ttl": 120, "stamps": False}
    one.s("R.", after=0.004, **how)


@case
def zero_identifications(tap: Tap) -> None:
    one = talk(tap, number=0, ttl=52)
    one.client.moved(number=0, win=2058)
    one.open(0.02).ask(0.02)
    one.c("R.", after=0.02, stamps=False)


@case
def v6_unprompted_after_silence(tap: Tap) -> None:
    for port in (41000, 41001, 41002):
        talk6(tap, port).open().ask().close()
    one = talk6(tap).open().ask()
    one.s("R.", after=300, stamps=False, win=0, label=0, ttl=62)


@case
def v6_server_aborts(tap: Tap) -> None:
    one = talk6(tap).open().ask()
    one.c("P.", 120, after=0.4)
    one.s("R.", after=0.02)


@case
def pod_answers_past_the_service(tap: Tap) -> None:
    service, pod = "10.96.0.10", "10.244.1.7"
    front = Talk(tap, Host("10.244.0.3", 40000, mac=1, to=9), Host(service, 80, mac=9, to=1))
    back = Talk(tap, Host("10.244.0.3", 40000, mac=9, to=7, ttl=63), Host(pod, 8080, mac=7, to=1))
    for wait in (0.1, 1.0):
        how = {} if wait < 1 else {"seq": 1000}
        front.c("S", after=wait, **how)
        back.c("S", after=0.00002, number=front.client.next_id, **how)
        back.s("S.", after=0.0001, **({"seq": 1000} if how else {}))
        back.c("R", after=0.00003, ttl=64, seq=1001)


@case
def neighbour_in_the_servers_name(tap: Tap) -> None:
    tap.snap = 256
    for port in range(41000, 41007):
        talk(tap, port, ttl=63).open(0.001).ask(0.001).close(0.001)
    one = talk(tap, ttl=63).open(0.001).ask(0.001)
    one.c("P.", 120, after=31)
    one.s("R", after=0.00004, ttl=64)


@case
def vlan_copy(tap: Tap) -> None:
    one = talk(tap, ttl=57)
    for side, flags, size in (
        ("c", "S", 0),
        ("s", "S.", 0),
        ("c", ".", 0),
        ("c", "P.", 90),
        ("s", "P.", 300),
        ("c", "F.", 0),
        ("s", "F.", 0),
        ("c", ".", 0),
    ):
        packet = (one.c if side == "c" else one.s)(flags, size)
        tap.wait(0.00001)
        tap.frame(packet, vlan=20)


@case
def refused_by_the_gateway(tap: Tap) -> None:
    for port in (41000, 41001, 41002, 41003, 41004, 41005):
        talk(tap, port, ttl=49).open(0.07).ask(0.07).close(0.07)
    closed(tap, 40000, 25, ttl=64, after=0.0003, number=0)


def write_all(written: dict[str, Callable[[Tap], None]], folder: pathlib.Path) -> None:
    """Captures each, under its name."""
    for name, write in written.items():
        tap = Tap()
        write(tap)
        tap.write(folder / f"{name}.pcap")


def main(folder: pathlib.Path = HERE) -> None:
    write_all(WRITTEN, folder)


if __name__ == "__main__":
    main()
