"""Handshakes that the client breaks off: in haste, on purpose, or because it is deceived."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import socket
import time

from forwarder import Drop, Pass, Verdict
from labels import label, views
from net import HOPS
from packet import ACK, FIN, PSH, RST, SYN, URG, Packet
from scenarios.orderly import CLIENT_FIRST, OPEN
from trial import Family, Trial, drain, linger0, vanish

FAMILY = Family("handshake")
LATE = r">S(?: <SA >R)+"
MSS_ONLY = bytes.fromhex("020405b4")


def give_up(t: Trial, limit: float) -> None:
    """connect() with the client's own limit; the late SYN-ACK meets no socket."""
    c = t.caller()
    t.record(c)
    c.settimeout(limit)
    with contextlib.suppress(TimeoutError):
        c.connect((t.server, t.port))
        raise RuntimeError("the connection should have timed out")
    c.close()
    t.settle()


@FAMILY.scenario(
    label("handshake_abandoned", "client", "client_handshake_timeout", LATE), delay=(0.12, 0.4)
)
def client_timeout(t: Trial) -> None:
    """The client waits 100 to 200 ms, the path takes longer; a patient one gets through."""
    t.hold(t.listen())
    give_up(t, t.rng.uniform(0.1, 0.2))


@FAMILY.scenario(
    label("handshake_abandoned", "client", "client_handshake_timeout", LATE), delay=(0.025, 0.035)
)
def client_timeout_sometimes(t: Trial) -> None:
    """A limit of 150 ms: met when the path is quick (60 ms), missed when it is not."""
    done = label("graceful", "client", "client_close", CLIENT_FIRST)
    for slow in (False, True, False, True):
        extra = t.rng.uniform(0.13, 0.3) if slow else 0.0

        def late(p: Packet, up: bool, extra: float = extra) -> Verdict:
            return Pass(t.delay + extra) if p.syn_ack else None

        t.path(late)
        listener = t.listen()
        if slow:
            give_up(t, 0.15)
        else:
            c = t.caller()
            t.record(c, views(done))
            c.settimeout(0.15)
            c.connect((t.server, t.port))
            c.settimeout(10)
            s, _ = listener.accept()
            t.talk(c, s, 1)
            c.close()
            drain(s)
            s.close()
        t.settle()
        time.sleep(0.2)
        listener.close()


@FAMILY.scenario(
    label("handshake_abandoned", "client", "client_handshake_timeout", r">S >S <SA >R"),
    server=label("handshake_abandoned", "client", "client_handshake_timeout", LATE),
    delay=(0.1, 0.15),
)
def client_timeout_retry(t: Trial) -> None:
    """The first SYN is lost, the answer to the second (after 1 s) comes just too late."""
    seen = [0]

    def lose(p: Packet, up: bool) -> Verdict:
        seen[0] += p.bare_syn
        return Drop() if p.bare_syn and seen[0] == 1 else None

    t.path(lose)
    t.hold(t.listen())
    give_up(t, t.rng.uniform(1.08, 1.15))
    t.settle()


@FAMILY.scenario(
    label("handshake_abandoned", "client", "client_handshake_timeout", r">S >RA <SA >R"),
    server=label(
        "handshake_abandoned", "client", "client_handshake_timeout", r">S <SA >RA(?: >R)?"
    ),
    delay=(0.12, 0.2),
)
def agent_reset_early(t: Trial) -> None:
    """An agent on the client tears the attempt down itself: its RST precedes the SYN-ACK."""
    t.hold(t.listen())
    port, isn = t.rng.randint(20000, 30000), t.rng.getrandbits(31)
    t.record(port)
    options = bytes.fromhex("020405b40402080a0000100000000000") + bytes.fromhex("01030307")
    syn = Packet(t.client, t.server, port, t.port, isn, 0, SYN, b"", 64240, 64, 77, True, options)
    t.shared.raw["client"].send(syn)
    time.sleep(0.15)
    end = dataclasses.replace(syn, seq=isn + 1, flags=RST | ACK, options=b"", ident=78)
    t.shared.raw["client"].send(end)
    t.settle()


@FAMILY.scenario(label("handshake_abandoned", "client", "syn_scan", r">S <SA >R"))
def syn_scan(t: Trial) -> None:
    """A raw-socket scanner knocks at open and closed ports of one host."""
    closed = label(
        "handshake_refused", "server", "port_closed", r">S <RA", "syn_scan", "rejected_by_firewall"
    )
    source = t.rng.randint(33000, 60000)
    isn = t.rng.getrandbits(32)
    for n in range(5):
        port = t.new_port()
        if is_open := n in (1, 3):
            t.hold(t.listen(4, port))
        t.record(source, None if is_open else views(closed), port)
        t.shared.raw["client"].send(
            Packet(
                t.client,
                t.server,
                source,
                port,
                isn,
                0,
                SYN,
                b"",
                1024,
                t.rng.randint(37, 59),
                t.rng.getrandbits(16),
                False,
                MSS_ONLY,
            )
        )
        time.sleep(0.02)
    t.settle()


@FAMILY.scenario(
    label("handshake_abandoned", "client", "connect_race_lost", r">S <SA >R"), delay=(0.005, 0.01)
)
def happy_eyeballs(t: Trial) -> None:
    """Two attempts at one service, 30 to 50 ms apart; the slower one is dropped by its client."""
    winner = label("graceful", "client", "client_close", CLIENT_FIRST)
    listener = t.listen()
    first = t.caller()
    slow = first.getsockname()[1]
    late = t.rng.uniform(0.1, 0.16)
    t.path(lambda p, up: Pass(t.delay + late) if p.syn_ack and p.dport == slow else None)
    t.record(first)
    first.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        first.connect((t.server, t.port))
    t.pause(0.03, 0.05)
    c = t.caller()
    t.record(c, views(winner))
    c.connect((t.server, t.port))
    first.close()
    s, _ = listener.accept()
    t.talk(c, s, 2)
    t.settle()
    time.sleep(late)
    c.close()
    drain(s)
    s.close()
    listener.close()


def probe(t: Trial, quickack: bool, abort: bool) -> None:
    listener = t.listen(64)
    period = t.rng.uniform(0.5, 0.8)
    began = time.monotonic()
    for n in range(6):
        time.sleep(max(0.0, began + n * period - time.monotonic()))
        c = t.caller()
        t.record(c)
        if not quickack:
            c.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
        if abort:
            linger0(c)
        c.connect((t.server, t.port))
        if quickack and abort:
            time.sleep(0.002)
        c.close()
        if abort:
            t.settle()
            listener.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            s, _ = listener.accept()
            if not abort:
                drain(s)
            s.close()
    t.settle()
    listener.close()


@FAMILY.scenario(label("handshake_abandoned", "client", "health_check_probe", r">S <SA >RA"))
def health_check_half(t: Trial) -> None:
    """A load balancer's check every 500 to 800 ms: its RST comes instead of the third ACK."""
    probe(t, False, True)


@FAMILY.scenario(
    label("reset", "client", "health_check_probe", r">S <SA >A >RA", "application_abort")
)
def health_check_full(t: Trial) -> None:
    """The same with a whole handshake before the RST."""
    probe(t, True, True)


@FAMILY.scenario(
    label(
        "graceful",
        "client",
        "client_close",
        r">S <SA(?: >A)? >F~ <F(?: [<>][AF]| <R)*",
        "health_check_probe",
    )
)
def health_check_polite(t: Trial) -> None:
    """A check that connects and closes in order."""
    probe(t, True, False)


FORGED = label(
    "graceful",
    "client",
    "forged_syn_ack",
    r">S <SA >R >S(?: <SA| [<>][AD])+ >F(?: [<>][AF])+",
    "syn_ack_mismatch",
    "client_close",
)


@FAMILY.scenario(
    FORGED,
    server=label(
        "graceful",
        "client",
        "client_close",
        r">S <SA >R(?: <A)? >S(?: <SA| [<>][AD])+ >F(?: [<>][AF])+",
        "forged_syn_ack",
        "syn_ack_mismatch",
    ),
    delay=(0.02, 0.03),
)
def forged_syn_ack(t: Trial) -> None:
    """A box answers the SYN before the server does, with a wrong ACK; the client survives it."""
    forged = [0]

    def forge(p: Packet, up: bool) -> Verdict:
        if p.bare_syn and not forged[0]:
            forged[0] = 1
            off = t.rng.randint(100, 90000)
            t.inject(
                p.reply(
                    seq=t.rng.getrandbits(32),
                    ack=p.seq + 1 + off,
                    flags=SYN | ACK,
                    window=8192,
                    ttl=t.rng.randint(40, 60),
                    ident=t.rng.getrandbits(16),
                )
            )
        return None

    t.path(forge)
    c, s = t.pair()
    t.talk(c, s)
    t.settle()
    c.close()
    drain(s)
    s.close()


@FAMILY.scenario(
    label(
        "handshake_abandoned",
        "client",
        "forged_syn_ack",
        r">S(?: <SA >R(?: >S)?)+",
        "syn_ack_mismatch",
    ),
    server=None,
)
def forged_syn_ack_only(t: Trial) -> None:
    """A box answers every SYN with a wrong ACK and lets nothing through."""

    def forge(p: Packet, up: bool) -> Verdict:
        if p.bare_syn:
            t.inject(
                p.reply(
                    seq=t.rng.getrandbits(32),
                    ack=p.seq + t.rng.randint(2000, 9000),
                    flags=SYN | ACK,
                    window=8192,
                    ttl=58,
                    ident=4242,
                )
            )
        return Drop()

    t.path(forge)
    give_up(t, t.rng.uniform(0.5, 0.7))


@FAMILY.scenario(
    label(
        "graceful",
        "client",
        "half_open_discovered",
        r">S <A >R >S <SA~ >F(?: [<>][AF])+",
        "client_close",
    )
)
def half_open(t: Trial) -> None:
    """The client loses its state, comes back with the same port and finds the old half open."""
    dead = label("superseded", "none", "half_open_discovered", OPEN, "still_open", "undetermined")
    c = t.caller()
    port = c.getsockname()[1]
    listener = t.listen()
    c.connect((t.server, t.port))
    t.record(c, views(dead))
    old, _ = listener.accept()
    t.say(c, old)
    t.settle()
    vanish(c)
    t.pause(0.2, 0.6)
    c = t.caller(port=port)
    t.record(c)
    c.connect((t.server, t.port))
    s, _ = listener.accept()
    listener.close()
    t.talk(c, s, 1)
    t.settle()
    c.close()
    drain(s)
    s.close()
    with contextlib.suppress(OSError):
        old.close()


@FAMILY.scenario(
    label("handshake_abandoned", "client", "syn_ack_bad_timestamp", r">S <SA >R"),
    server=label(
        "handshake_abandoned",
        "client",
        "undetermined",
        r">S <SA >R",
        "syn_ack_bad_timestamp",
        "syn_scan",
        "client_handshake_timeout",
        visible=False,
    ),
)
def bad_timestamp(t: Trial) -> None:
    """A box spoils the echoed timestamp of the SYN-ACK: the client rejects it at once."""

    def spoil(p: Packet, up: bool) -> Verdict:
        if not p.syn_ack or (found := p.timestamps()) is None:
            return None
        at, value, echo = found
        wrong = (echo + t.rng.randint(1 << 20, 1 << 30)) & 0xFFFFFFFF
        options = p.options[:at] + value.to_bytes(4, "big") + wrong.to_bytes(4, "big")
        return Pass(packet=dataclasses.replace(p, options=options + p.options[at + 8 :]))

    t.path(spoil)
    t.hold(t.listen())
    give_up(t, t.rng.uniform(0.5, 0.7))


OLD = r">S <SA >R(?: >S| <RA)+(?: <SA >R)*"


@FAMILY.scenario(
    label(
        "handshake_refused",
        "server",
        "old_duplicate_syn",
        OLD,
        "syn_ack_mismatch",
        "forged_syn_ack",
    ),
    delay=(0.012, 0.02),
    server=label(
        "handshake_refused",
        "server",
        "old_duplicate_syn",
        r">S <RA(?: >R| >S| <SA)*",
        "syn_ack_mismatch",
    ),
)
def old_duplicate(t: Trial) -> None:
    """An old SYN of the same ports overtakes the real one: refused although the port is open."""
    listener = t.listen()
    c = t.caller()
    port = c.getsockname()[1]
    stale = label(
        "superseded", "none", "old_duplicate_syn", r">S <SA", "syn_ack_mismatch", "undetermined"
    )
    done = [0]

    def insert(p: Packet, up: bool) -> Verdict:
        if p.bare_syn and not done[0]:
            done[0] = 1
            t.inject(dataclasses.replace(p, seq=p.seq - 5000, options=b"", ident=0))
        return None

    t.path(insert)
    t.record(port, {"client": None, "router": None, "server": stale})
    t.record(port)
    try:
        c.connect((t.server, t.port))
        raise RuntimeError("the connection should have been refused")
    except OSError as error:
        if error.errno != errno.ECONNREFUSED:
            raise
    c.close()
    t.settle()
    t.hold(listener)


@FAMILY.scenario(
    label("graceful", "client", "client_close", r">S <SA >A <R~ >F(?: [<>][AF])+", "stray_segment"),
    server=label(
        "graceful", "client", "client_close", r">S <SA >A <R~ >F(?: [<>][AF])+", "stray_segment"
    ),
    delay=(0.015, 0.02),
)
def bad_final_ack(t: Trial) -> None:
    """A forged third ACK with a foreign number: the server resets that, the handshake goes on."""
    done = [0]

    def insert(p: Packet, up: bool) -> Verdict:
        if p.syn_ack and not done[0]:
            done[0] = 1
            t.inject(p.reply(ack=p.seq + 1000, flags=ACK, window=500, ttl=63 - HOPS))
        return None

    t.path(insert)
    c, s = t.pair()
    time.sleep(0.1)
    t.talk(c, s)
    t.settle()
    c.close()
    drain(s)
    s.close()


@FAMILY.scenario(label("stray", "none", "stray_segment", r"<SA >R"))
def backscatter(t: Trial) -> None:
    """A SYN-ACK that nobody asked for (someone spoofed this address) and the kernel's reset."""
    for _ in range(3):
        port = t.rng.randint(33000, 60000)
        t.record(port)
        t.shared.raw["server"].send(
            Packet(
                t.server,
                t.client,
                t.port,
                port,
                t.rng.getrandbits(32),
                t.rng.getrandbits(32),
                SYN | ACK,
                b"",
                64240,
                64,
                0,
                True,
                MSS_ONLY,
            )
        )
        time.sleep(0.02)
    t.settle()


@FAMILY.scenario(label("stray", "none", "probe_scan", r">[NFX] <RA", "stray_segment"))
def flag_probes(t: Trial) -> None:
    """NULL, FIN and Xmas probes: a closed port answers, an open one is silent."""
    silent = label("stray", "none", "probe_scan", r">[NFX]", "stray_segment", "undetermined")
    opened = t.new_port()
    t.hold(t.listen(4, opened))
    for flags in (0, FIN, FIN | PSH | URG):
        for port in (t.port, opened):
            source = t.rng.randint(33000, 60000)
            t.record(source, views(silent) if port == opened else None, port)
            t.shared.raw["client"].send(
                Packet(
                    t.client,
                    t.server,
                    source,
                    port,
                    t.rng.getrandbits(32),
                    0,
                    flags,
                    b"",
                    1024,
                    t.rng.randint(37, 59),
                    t.rng.getrandbits(16),
                )
            )
            time.sleep(0.01)
    t.settle()


@FAMILY.scenario(
    label("stray", "none", "probe_scan", r">A <R", "stray_segment", "no_socket", "undetermined")
)
def ack_probes(t: Trial) -> None:
    """ACK probes at an open and a closed port: a reset from both."""
    opened = t.new_port()
    t.hold(t.listen(4, opened))
    for port in (t.port, opened, t.new_port()):
        source = t.rng.randint(33000, 60000)
        t.record(source, None, port)
        t.shared.raw["client"].send(
            Packet(
                t.client,
                t.server,
                source,
                port,
                t.rng.getrandbits(32),
                t.rng.getrandbits(32),
                ACK,
                b"",
                1024,
                t.rng.randint(37, 59),
                t.rng.getrandbits(16),
            )
        )
        time.sleep(0.01)
    t.settle()
