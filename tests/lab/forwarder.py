"""The router's user-space path: every forwarded TCP packet waits here for its verdict.

The kernel forwards; netfilter's queue hands each TCP packet over, and a rule may delay, drop,
rewrite it or send others in its place. (There is no netem in every kernel.)
"""

from __future__ import annotations

import contextlib
import dataclasses
import heapq
import random
import select
import socket
import struct
import threading
import time
from collections.abc import Callable

from inject import Injector
from net import Bed, run
from packet import Packet, decode

# Where clients are, and a box that speaks in their name.
CLIENTS = ("10.77.1.", "10.77.4.", "fd77:1:", "fd77:4:")
_MSG_PACKET, _MSG_VERDICT, _MSG_CONFIG = 0x300, 0x301, 0x302
_DROP, _ACCEPT = 0, 1
# iptables, because a kernel may lack nft's own queue statement; it filters at priority 0.
_QUEUE = ("-A", "FORWARD", "-p", "tcp", "-j", "NFQUEUE", "--queue-num", "0")


@dataclasses.dataclass
class Drop:
    """The packet vanishes here."""


@dataclasses.dataclass
class Pass:
    """The packet goes on: later by `delay` seconds, or as `packet` when it was rewritten."""

    delay: float | None = None
    packet: Packet | None = None


Verdict = Drop | Pass | None
Rule = Callable[[Packet, bool], Verdict]


class Forwarder:
    """Rules are kept by server port: each scenario's repetition has a port of its own."""

    def __init__(self, bed: Bed) -> None:
        self._bed = bed
        self.rules: dict[int, Rule] = {}
        # One-way delay by the client's address (each scenario has its own pair), in seconds.
        self.delays: dict[str, float] = {}
        self._rng = random.Random(bed.name)
        self._waiting: list[tuple[float, int, int, bytes | None]] = []
        self._count = 0
        self._stop = threading.Event()
        self.failures: list[str] = []
        # When it last had nothing to read: on a busy machine it may lag behind.
        self.quiet = 0.0
        with bed.inside("router"):
            self._netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
            self._netlink.bind((0, 0))
            self._netlink.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)  # SO_RCVBUFFORCE
            self._netlink.setsockopt(270, 5, 1)  # NETLINK_NO_ENOBUFS
        self.injector = Injector(bed, "router")
        self._configure()
        for tool in ("iptables", "ip6tables"):
            run("ip", "netns", "exec", bed.names["router"], tool, *_QUEUE)
        for tool, target in (("iptables", "TTL --ttl-dec"), ("ip6tables", "HL --hl-dec")):
            if not bed.hops:
                break
            argv = ["-t", "mangle", "-A", "FORWARD", "-j", *target.split(), str(bed.hops)]
            run("ip", "netns", "exec", bed.names["router"], tool, *argv)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _send(self, kind: int, flags: int, attributes: bytes) -> None:
        body = struct.pack(">BBH", 0, 0, 0) + attributes
        self._netlink.send(struct.pack("=IHHII", 16 + len(body), kind, flags, 0, 0) + body)

    def _configure(self) -> None:
        for family in (socket.AF_UNSPEC, socket.AF_INET, socket.AF_INET6):
            self._send(_MSG_CONFIG, 1, _attribute(1, struct.pack(">BBH", 3, 0, family)))
        self._send(_MSG_CONFIG, 1, _attribute(1, struct.pack(">BBH", 1, 0, 0)))
        self._send(_MSG_CONFIG, 1, _attribute(2, struct.pack(">IB", 0xFFFF, 2)))
        self._send(_MSG_CONFIG, 1, _attribute(3, struct.pack(">I", 65536)))

    def _verdict(self, ident: int, verdict: int, data: bytes | None) -> None:
        attributes = _attribute(2, struct.pack(">II", verdict, ident))
        if data is not None:
            attributes += _attribute(10, data)
        self._send(_MSG_VERDICT, 1, attributes)

    def _run(self) -> None:
        while not self._stop.is_set():
            now = time.monotonic()
            while self._waiting and self._waiting[0][0] <= now:
                _, _, ident, data = heapq.heappop(self._waiting)
                self._verdict(ident, _ACCEPT, data)
            if not select.select([self._netlink], [], [], 0)[0]:
                self.quiet = time.monotonic()
            wait = min(0.05, self._waiting[0][0] - now) if self._waiting else 0.05
            if not select.select([self._netlink], [], [], wait)[0]:
                continue
            received = self._netlink.recv(1 << 17)
            try:
                self._messages(received)
            except Exception as error:  # a rule's bug must fail the run, not hang the path
                self.failures.append(f"{self._bed.name}: {error!r}")

    def _messages(self, data: bytes) -> None:
        at = 0
        while at + 16 <= len(data):
            size, kind = struct.unpack_from("=IH", data, at)
            if kind == _MSG_PACKET:
                self._queued(data[at + 20 : at + size])
            at += (size + 3) & ~3

    def _queued(self, attributes: bytes) -> None:
        ident, payload, at = 0, b"", 0
        while at + 4 <= len(attributes):
            size, kind = struct.unpack_from("=HH", attributes, at)
            if kind & 0x7FFF == 1:
                ident = struct.unpack_from(">I", attributes, at + 4)[0]
            elif kind & 0x7FFF == 10:
                payload = attributes[at + 4 : at + size]
            at += (size + 3) & ~3
        packet = decode(payload)
        if packet is None:
            self._verdict(ident, _ACCEPT, None)
            return
        up = packet.src.startswith(CLIENTS)
        rule = self.rules.get(packet.dport if up else packet.sport)
        try:
            verdict = rule(packet, up) if rule else None
        except Exception:
            self._verdict(ident, _DROP, None)
            raise
        if isinstance(verdict, Drop):
            self._verdict(ident, _DROP, None)
            return
        verdict = verdict or Pass()
        delay = verdict.delay
        if delay is None:
            delay = self.delays.get(packet.src if up else packet.dst, 0.0)
        data = verdict.packet.encode() if verdict.packet else None
        if delay <= 0:
            self._verdict(ident, _ACCEPT, data)
            return
        self._count += 1
        heapq.heappush(self._waiting, (time.monotonic() + delay, self._count, ident, data))

    def close(self) -> None:
        self._stop.set()
        self._thread.join(2)
        with contextlib.suppress(OSError):
            self._netlink.close()
        self.injector.close()


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)
