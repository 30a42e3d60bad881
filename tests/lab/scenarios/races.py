"""Clients that try several ways at once and keep the first: over both families and over ports."""

from __future__ import annotations

import contextlib
import socket
import time

from forwarder import Drop, Pass, Rule, Verdict
from labels import Label, label, views
from net import client_ip, server_ip
from packet import Packet
from scenarios.orderly import CLIENT_FIRST
from trial import Family, Trial, drain

FAMILY = Family("races")
WON = label("graceful", "client", "client_close", CLIENT_FIRST)
LOST = label(
    "handshake_abandoned", "client", "connect_race_lost", r">S(?: >S| <SA)* <SA(?: >R| <SA)* >R"
)
FAR = (0.01, 0.04)


def late(t: Trial, seconds: float) -> Rule:
    def rule(p: Packet, up: bool) -> Verdict:
        return Pass(t.delay + seconds) if p.syn_ack else None

    return rule


def attempt(
    t: Trial, v6: bool, port: int, given: Label, backlog: bool = True
) -> tuple[socket.socket, socket.socket | None]:
    """A connection attempt that is begun and not waited for."""
    client, server = client_ip(t.scenario.host, v6), server_ip(t.scenario.host, v6)
    family = socket.AF_INET6 if v6 else socket.AF_INET
    listener = None
    if backlog:
        with t.bed.inside("server"):
            listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((server, port))
        listener.listen(8)
        listener.settimeout(15)
    with t.bed.inside("client"):
        c = socket.socket(family, socket.SOCK_STREAM)
    c.bind((client, 0))
    t.record(c, views(given), port=port, source=client, target=server)
    c.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        c.connect((server, port))
    return c, listener


def finish(t: Trial, c: socket.socket, listener: socket.socket | None) -> None:
    assert listener is not None
    c.settimeout(15)
    s, _ = listener.accept()
    s.settimeout(15)
    t.talk(c, s, 2)
    t.settle()
    time.sleep(0.6)
    c.close()
    drain(s)
    s.close()
    listener.close()


def families(t: Trial, first6: bool, wait: float) -> None:
    """The first family's answer is late; `wait` seconds after it the other is tried, and wins."""
    t.path(late(t, wait + t.rng.uniform(0.15, 0.35)))
    slow, l1 = attempt(t, first6, t.port, LOST)
    time.sleep(wait)
    port = t.port
    t.path(lambda p, up: late(t, 0.35 + wait)(p, up) if (":" in p.src) == first6 else None, port)
    quick, l2 = attempt(t, not first6, t.port, WON)
    quick.settimeout(10)
    while True:
        with contextlib.suppress(OSError):
            quick.getpeername()
            break
        time.sleep(0.002)
    slow.close()
    finish(t, quick, l2)
    if l1:
        t.hold(l1)


@FAMILY.scenario(LOST, delay=FAR)
def race_families(t: Trial) -> None:
    """RFC 8305: 250 ms after IPv6 the client tries IPv4; the late IPv6 SYN-ACK is refused."""
    families(t, True, t.rng.uniform(0.25, 0.3))


@FAMILY.scenario(LOST, delay=FAR)
def race_families_quick(t: Trial) -> None:
    """The other family after 50 to 150 ms; every second time IPv4 comes first."""
    families(t, t.repetition % 4 < 2, t.rng.uniform(0.05, 0.15))


@FAMILY.scenario(LOST, delay=FAR)
def race_families_patient(t: Trial) -> None:
    """The other family only after 0.6 to 0.9 s."""
    families(t, True, t.rng.uniform(0.6, 0.9))


@FAMILY.scenario(LOST, delay=FAR)
def race_ports(t: Trial) -> None:
    """Two ports of one host (443 and another, say) are tried 20 to 200 ms apart; one is kept."""
    wait = t.rng.uniform(0.02, 0.2)
    t.path(late(t, wait + t.rng.uniform(0.15, 0.35)))
    slow, l1 = attempt(t, t.v6, t.port, LOST)
    time.sleep(wait)
    other = t.new_port()
    quick, l2 = attempt(t, t.v6, other, WON)
    time.sleep(2 * t.delay + 0.03)
    slow.close()
    finish(t, quick, l2)
    if l1:
        t.hold(l1)


@FAMILY.scenario(
    label(
        "graceful",
        "client",
        "connect_race_lost",
        r">S <SA >A >F~ <F(?: [<>][AF])*",
        "client_close",
    ),
    delay=FAR,
)
def race_both_connect(t: Trial) -> None:
    """Both attempts succeed; the client closes the second one without a byte."""
    given = t.scenario.views["client"]
    assert given is not None
    first, l1 = attempt(t, True, t.port, WON)
    time.sleep(t.rng.uniform(0.0, 0.03))
    second, l2 = attempt(t, False, t.port, given)
    assert l2 is not None
    s, _ = l2.accept()
    time.sleep(t.delay + 0.01)
    second.close()
    s.settimeout(10)
    drain(s)
    s.close()
    finish(t, first, l1)
    l2.close()


@FAMILY.scenario(
    label("handshake_unanswered", "none", "syn_unanswered", r">S(?: >S)*"),
    delay=FAR,
    server=None,
)
def race_against_silence(t: Trial) -> None:
    """IPv6 is broken: its SYN is dropped; IPv4 wins, and nobody asks for IPv6 any more."""
    unanswered = label("handshake_unanswered", "none", "syn_unanswered", r">S(?: >S)*")
    t.path(lambda p, up: Drop() if ":" in p.src else None)
    slow, _ = attempt(t, True, t.port, unanswered, False)
    t.records[-1].views["server"] = None
    time.sleep(t.rng.uniform(0.25, 0.3))
    quick, l2 = attempt(t, False, t.port, WON)
    time.sleep(2 * t.delay + 0.03)
    slow.close()
    finish(t, quick, l2)


@FAMILY.scenario(
    label("handshake_abandoned", "client", "client_handshake_timeout", r">S(?: <SA >R)+"),
    delay=(0.15, 0.3),
)
def race_without_rival(t: Trial) -> None:
    """No race: a client whose limit of 120 to 200 ms is too short for this path."""
    t.hold(t.listen())
    c = t.caller()
    t.record(c)
    c.settimeout(t.rng.uniform(0.12, 0.2))
    with contextlib.suppress(TimeoutError):
        c.connect((t.server, t.port))
        raise RuntimeError("the connection should have timed out")
    c.close()
    t.settle()
    time.sleep(0.2)
