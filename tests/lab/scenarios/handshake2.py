"""Handshakes that stay half done: answers that are lost, refused in silence, or never given."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import struct
import time

from forwarder import Drop, Pass, Verdict
from labels import Label, label, views
from net import client_ip
from packet import ACK, RST, SYN, Packet
from scenarios.abort import MPTCP
from scenarios.orderly import CLIENT_FIRST
from scenarios.refused import dead, hook
from trial import Family, Trial, drain

FAMILY = Family(
    "handshake2",
    {"net/mptcp/enabled": "1", "net/ipv4/tcp_fastopen": "3"},
)
FAR = (0.001, 0.04)
AGAIN = r">S(?: >S| <SA)+"
DONE = label("graceful", "client", "client_close", CLIENT_FIRST)


def alone(cause: str, expect: str, *also: str) -> Label:
    return label("handshake_incomplete", "none", cause, expect, *also)


def served(t: Trial, count: int = 1, *options: tuple[int, int, int]) -> None:
    """Connections of the same client to the same service that work."""
    listener = t.listen()
    for _ in range(count):
        c = t.dial(*options)
        t.record(c, views(DONE))
        s, _ = listener.accept()
        s.settimeout(15)
        t.talk(c, s, 1)
        c.close()
        drain(s)
        s.close()
        t.settle()
    listener.close()


@FAMILY.scenario(
    label(
        "graceful",
        "client",
        "client_close",
        r">S <SA >A(?: <SA >A)+~ >F(?: [<>][AF])+",
        "accept_queue_overflow",
        "handshake_ack_lost",
    ),
    delay=FAR,
    slow=True,
)
def deferred_accept(t: Trial) -> None:
    """TCP_DEFER_ACCEPT: the final ACK is ignored; the SYN-ACK comes again before the request."""
    wait = t.rng.choice((1, 3))
    listener = t.listen(8, None, (socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, wait))
    c = t.dial()
    t.record(c)
    time.sleep(wait + t.rng.uniform(0.4, 1.5))
    c.sendall(t.data(100))
    s, _ = listener.accept()
    s.settimeout(15)
    s.recv(1000)
    t.say(s, c)
    t.settle()
    c.close()
    drain(s)
    s.close()
    listener.close()


@FAMILY.scenario(
    label(
        "open",
        "none",
        "still_open",
        r">S <SA >A(?: <SA >A)+",
        "accept_queue_overflow",
        "handshake_ack_lost",
    ),
    delay=FAR,
    slow=True,
)
def deferred_accept_silent(t: Trial) -> None:
    """The same with a client that waits for the server to speak first: both wait."""
    t.hold(t.listen(8, None, (socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, t.rng.choice((1, 3)))))
    c = t.dial()
    t.record(c)
    t.hold(c)
    time.sleep(4.5)


@FAMILY.scenario(
    label(
        "peer_unresponsive",
        "none",
        "handshake_ack_lost",
        r">S <SA >A(?: >D| <SA| >A)+",
        "accept_queue_overflow",
    ),
    server=alone("syn_ack_unanswered", r">S(?: <SA)+"),
    delay=FAR,
    slow=True,
)
def final_ack_lost(t: Trial) -> None:
    """A firewall that saw no SYN-ACK eats all that the client says after its SYN."""
    served(t, 1)
    t.path(lambda p, up: Drop() if up and not p.flags & SYN else None)
    t.hold(t.listen())
    c = t.dial()
    t.record(c)
    c.sendall(t.data(200))
    t.hold(c)
    time.sleep(4)


@FAMILY.scenario(
    alone("syn_ack_unanswered", AGAIN, "syn_ack_ignored"),
    delay=FAR,
    slow=True,
)
def syn_ack_dropped_at_client(t: Trial) -> None:
    """The client's own firewall drops the SYN-ACK behind the capture: SYNs and SYN-ACKs repeat."""
    served(t, 1)
    rule = f"tcp sport {t.port} tcp flags & (syn | ack) == (syn | ack) drop"
    t.bed.nft("client", hook(t, "input", rule))
    t.hold(t.listen())
    dead(t, t.rng.uniform(2.5, 4.5))


@FAMILY.scenario(
    label("handshake_unanswered", "none", "syn_unanswered", r">S(?: >S)+"),
    server=alone("syn_ack_unanswered", AGAIN),
    delay=FAR,
    slow=True,
)
def return_path_dead(t: Trial) -> None:
    """The way back is broken: the server's answers never reach the client, nor the router."""
    served(t, 1)
    t.path(lambda p, up: None if up else Drop())
    t.hold(t.listen())
    dead(t, t.rng.uniform(2.5, 4.5))


def raw_syn(t: Trial, source: str, port: int, ttl: int = 64, options: str = "020405b4") -> Packet:
    return Packet(
        source,
        t.server,
        port,
        t.port,
        t.rng.getrandbits(32),
        0,
        SYN,
        b"",
        t.rng.choice((1024, 8192, 64240)),
        ttl,
        t.rng.getrandbits(16),
        True,
        bytes.fromhex(options),
    )


@FAMILY.scenario(
    alone("syn_ack_unanswered", r">S <SA(?: <SA)+", "syn_scan"),
    delay=FAR,
    slow=True,
)
def silent_client(t: Trial) -> None:
    """A SYN whose sender never answers: SYN-ACKs repeat, and nothing more comes."""
    port = t.rng.randint(33000, 60000)
    rule = f"tcp sport {port} tcp dport {t.port} tcp flags rst drop"
    t.bed.nft("client", hook(t, "output", rule))
    t.hold(t.listen())
    t.record(port)
    t.shared.raw["client"].send(raw_syn(t, t.client, port))
    time.sleep(4)


@FAMILY.scenario(
    label("handshake_unanswered", "none", "syn_unanswered", r">S"),
    server=alone("syn_ack_unanswered", r">S <SA(?: <SA)*"),
    delay=(0.001, 0.01),
    slow=True,
)
def syn_flood(t: Trial) -> None:
    """One SYN each from many addresses that do not exist, within a second, to one service."""
    t.hold(t.listen(128))
    t.path(lambda p, up: None if up else Drop())
    for n in range(t.rng.randint(14, 20)):
        source = client_ip(200 - n - 20 * (t.repetition % 2), t.v6)
        port = t.rng.randint(1024, 65000)
        t.record(port, source=source)
        t.shared.raw["client"].send(raw_syn(t, source, port, t.rng.randint(40, 64)))
        time.sleep(t.rng.uniform(0.005, 0.05))
    time.sleep(3.5)


@FAMILY.scenario(
    alone("syn_ack_ignored", AGAIN, "syn_ack_unanswered"),
    router=alone("syn_ack_ignored", AGAIN, "syn_ack_unanswered"),
    server=alone("syn_ack_unanswered", AGAIN, "syn_ack_ignored"),
    delay=FAR,
    slow=True,
)
def syn_ack_bad_checksum(t: Trial) -> None:
    """A box on the way back spoils the checksum of each SYN-ACK: the client does not hear it."""
    served(t, 1)
    spoil = t.rng.randint(1, 0xFFFF)

    def bad(p: Packet, up: bool) -> Verdict:
        return Pass(packet=dataclasses.replace(p, spoil=spoil)) if p.syn_ack else None

    t.path(bad)
    t.hold(t.listen())
    dead(t, t.rng.uniform(2.5, 4.5))


@FAMILY.scenario(
    alone("syn_ack_ignored", AGAIN, "syn_ack_mismatch", "forged_syn_ack"),
    server=alone("syn_ack_unanswered", AGAIN, "syn_ack_ignored"),
    delay=FAR,
    slow=True,
)
def syn_ack_wrong_number(t: Trial) -> None:
    """The SYN-ACK acknowledges another number; the client's own firewall drops it as INVALID."""
    served(t, 1)
    off = t.rng.choice((-1, 1, t.rng.randint(1000, 100_000_000)))

    def bad(p: Packet, up: bool) -> Verdict:
        if not p.syn_ack:
            return None
        return Pass(packet=dataclasses.replace(p, ack=(p.ack + off) & 0xFFFFFFFF))

    t.path(bad)
    t.bed.nft("client", hook(t, "input", f"tcp sport {t.port} tcp flags syn,ack drop"))
    t.hold(t.listen())
    dead(t, t.rng.uniform(2.5, 4.5))


@FAMILY.scenario(
    label("handshake_unanswered", "none", "handshake_reset_ignored", r">S <RA?(?: >S| <RA?)+"),
    server=None,
    delay=FAR,
    slow=True,
)
def reset_ignored(t: Trial) -> None:
    """A box refuses with a reset that acknowledges the wrong number: the client goes on trying."""
    served(t, 1)
    off = t.rng.choice((0, 0, t.rng.randint(2, 90_000)))
    bare = t.repetition % 3 == 2

    def refuse(p: Packet, up: bool) -> Verdict:
        if p.bare_syn:
            seq, flags = (0, RST | ACK) if not bare else (t.rng.getrandbits(32), RST)
            ack = 0 if bare else (p.seq + off) & 0xFFFFFFFF
            t.inject(p.reply(seq=seq, ack=ack, flags=flags, ttl=t.rng.choice((60, 124, 251))))
        return Drop()

    t.path(refuse)
    dead(t, t.rng.uniform(2.5, 4.5))


@FAMILY.scenario(
    label("handshake_unanswered", "none", "timestamp_rejected", r">S(?: >S)+"),
    server=None,
    delay=FAR,
    slow=True,
)
def timestamp_behind(t: Trial) -> None:
    """A box lets an address' SYN pass only with a newer timestamp (as tcp_tw_recycle did).

    Clients behind one address have clocks of their own: some are always behind.
    """
    top: list[int] = []
    dropped: set[int] = set()

    def recycle(p: Packet, up: bool) -> Verdict:
        if not p.bare_syn or not (found := p.timestamps()):
            return None
        if p.sport in dropped or (top and (found[1] - top[0]) & 0xFFFFFFFF >= 1 << 31):
            dropped.add(p.sport)
            return Drop()
        top[:] = [found[1]]
        return None

    t.path(recycle)
    listener = t.listen()
    rejected = t.scenario.views
    while not dropped or len(dropped) < 3:
        c = t.caller()
        port = c.getsockname()[1]
        began = len(t.records)
        t.record(port, views(DONE))
        c.settimeout(t.rng.uniform(1.2, 1.7))
        try:
            c.connect((t.server, t.port))
        except TimeoutError:
            if port not in dropped:
                raise
            t.records[began].views = rejected
            c.close()
            continue
        c.settimeout(15)
        s, _ = listener.accept()
        t.talk(c, s, 1)
        c.close()
        drain(s)
        s.close()
    t.hold(listener)


@FAMILY.scenario(
    label("handshake_unanswered", "none", "syn_option_dropped", r">S(?: >S)+"),
    server=None,
    delay=FAR,
    slow=True,
)
def option_dropped(t: Trial) -> None:
    """A box drops SYNs that offer Multipath TCP; the same client's plain ones pass."""
    t.path(lambda p, up: Drop() if p.bare_syn and offers(p, 30) else None)
    served(t, 1)
    listener = t.listen()
    c = t.plug("client", MPTCP)
    c.bind((t.client, 0))
    t.record(c)
    c.settimeout(t.rng.uniform(1.3, 1.9))
    with contextlib.suppress(TimeoutError):
        c.connect((t.server, t.port))
        raise RuntimeError("the SYN should have been dropped")
    c.close()
    listener.close()
    t.settle()
    served(t, 1)


def offers(p: Packet, kind: int) -> bool:
    at = 0
    while at < len(p.options) and p.options[at]:
        if p.options[at] == kind:
            return True
        at += 1 if p.options[at] == 1 else max(2, p.options[at + 1])
    return False


@FAMILY.scenario(
    label("handshake_unanswered", "none", "syn_option_dropped", r">S(?: >S)+"),
    server=None,
    delay=FAR,
    slow=True,
)
def ecn_dropped(t: Trial) -> None:
    """A box drops SYNs that offer congestion notification (ECE and CWR), again and again."""
    t.path(lambda p, up: Drop() if p.bare_syn and p.flags & 0xC0 else None)
    served(t, 1)
    for _ in range(2):
        port = t.rng.randint(33000, 60000)
        t.record(port)
        stamp = struct.pack(">BBII", 8, 10, t.rng.getrandbits(31), 0).hex()
        syn = raw_syn(t, t.client, port, 64, f"020405b40402{stamp}01030307")
        for wait in (1.0, 2.0, 0.3):
            t.shared.raw["client"].send(dataclasses.replace(syn, flags=SYN | 0xC0))
            time.sleep(wait)
    served(t, 1)


@FAMILY.scenario(
    label(
        "graceful",
        "client",
        "client_close",
        r">S >S <SA(?: [<>][AD])* >F(?: [<>][AF])+",
        "syn_option_dropped",
    ),
    server=DONE,
    delay=FAR,
)
def fast_open_dropped(t: Trial) -> None:
    """A box drops SYNs with the Fast Open option: the kernel's second SYN is without it."""
    t.path(lambda p, up: Drop() if p.bare_syn and offers(p, 34) else None)
    listener = t.listen(8, None, (socket.IPPROTO_TCP, 23, 8))
    c = t.caller((socket.IPPROTO_TCP, 30, 1))  # TCP_FASTOPEN_CONNECT
    t.record(c)
    c.connect((t.server, t.port))
    c.sendall(t.data(200))
    s, _ = listener.accept()
    s.settimeout(15)
    s.recv(200)
    t.say(s, c)
    t.settle()
    c.close()
    drain(s)
    s.close()
    listener.close()
