"""A server that answers every SYN by a cookie and keeps nothing of it (tcp_syncookies=2)."""

from __future__ import annotations

import time

from forwarder import Drop
from labels import label
from net import client_ip
from packet import SYN
from scenarios.handshake2 import raw_syn
from scenarios.orderly import CLIENT_FIRST
from scenarios.overflow import race
from scenarios.refused import hook
from trial import Family, Trial, drain

FAMILY = Family("cookies", {"net/ipv4/tcp_syncookies": "2"})
FAR = (0.001, 0.03)


@FAMILY.scenario(label("graceful", "client", "client_close", CLIENT_FIRST), delay=FAR)
def cookie_client_close(t: Trial) -> None:
    """A connection that was made from a cookie ends in order."""
    c, s = t.pair()
    t.talk(c, s)
    c.close()
    drain(s)
    s.close()


@FAMILY.scenario(
    label(
        "graceful",
        "server",
        "server_close",
        r">S <SA(?: [<>][AD])+ <F~ >F(?: [<>][AF])*",
    ),
    delay=FAR,
)
def cookie_ack_lost(t: Trial) -> None:
    """The final ACK is lost: the first data bring the cookie back, and all goes well."""
    lost = [0]

    def lose(p: object, up: bool) -> Drop | None:
        assert hasattr(p, "flags")
        if up and not p.flags & SYN and not lost[0]:
            lost[0] = 1
            return Drop()
        return None

    t.path(lose)
    listener = t.listen()
    c = t.dial()
    t.record(c)
    c.sendall(t.data(300))
    s, _ = listener.accept()
    s.settimeout(15)
    s.recv(300)
    t.say(s, c)
    t.settle()
    s.close()
    drain(c)
    c.close()
    listener.close()


@FAMILY.scenario(
    label(
        "peer_unresponsive",
        "none",
        "accept_queue_overflow",
        r">S <SA >A(?: >D| <SA| >A)+",
        "retransmission_timeout",
        "handshake_ack_lost",
    ),
    delay=(0.004, 0.008),
    slow=True,
)
def cookie_queue_full(t: Trial) -> None:
    """The queue is full when the cookie comes back: data go unanswered, no SYN-ACK is repeated."""
    listener, racers = race(t, 3, t.scenario.views)
    for c in racers[1:]:
        c.sendall(t.data(100))
    t.hold(listener)
    time.sleep(4.5)


@FAMILY.scenario(
    label("handshake_incomplete", "none", "syn_ack_unanswered", r">S <SA", "syn_scan"),
    delay=FAR,
)
def cookie_silent_client(t: Trial) -> None:
    """A SYN whose sender never answers: one SYN-ACK, and no second one."""
    port = t.rng.randint(33000, 60000)
    rule = f"tcp sport {port} tcp dport {t.port} tcp flags rst drop"
    t.bed.nft("client", hook(t, "output", rule))
    t.hold(t.listen())
    t.record(port)
    t.shared.raw["client"].send(raw_syn(t, t.client, port))
    t.settle()
    time.sleep(1)


@FAMILY.scenario(
    label("handshake_unanswered", "none", "syn_unanswered", r">S"),
    server=label("handshake_incomplete", "none", "syn_ack_unanswered", r">S <SA"),
    delay=(0.001, 0.01),
)
def cookie_flood(t: Trial) -> None:
    """A SYN flood from addresses that do not exist: each SYN gets one SYN-ACK."""
    t.hold(t.listen(128))
    t.path(lambda p, up: None if up else Drop())
    for n in range(t.rng.randint(14, 20)):
        source = client_ip(200 - n - 20 * (t.repetition % 2), t.v6)
        port = t.rng.randint(1024, 65000)
        t.record(port, source=source)
        t.shared.raw["client"].send(raw_syn(t, source, port, t.rng.randint(40, 64)))
        time.sleep(t.rng.uniform(0.005, 0.05))
    time.sleep(1)
