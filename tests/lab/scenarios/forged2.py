"""Forged resets with few signs: each differs from the host's own in one or two things only."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from typing import Any

from forwarder import Verdict
from labels import Label, label
from net import HOPS
from packet import ACK, RST, Packet
from scenarios.orderly import OPEN
from trial import Family, Trial

FAMILY = Family("forged2")
FAR = (0.015, 0.04)
AFTER = r"(?: [<>]RA?| [<>][ADF])*"
TO_CLIENT = label("reset", "third_party", "reset_injected", OPEN + r" <RA?" + AFTER)
TO_SERVER = label("reset", "third_party", "reset_injected", OPEN + r" >RA?" + AFTER)
# What the side sees that was not told: the other one's kernel refuses what it goes on sending.
DEAD_CLIENT = label(
    "reset",
    "client",
    "no_socket",
    OPEN + AFTER,
    "reset_injected",
    "stray_segment",
    "data_after_close",
    "undetermined",
    visible=False,
)


class Tap:
    """Forges at the client's next question, when it is armed."""

    def __init__(self, t: Trial) -> None:
        self.t, self.armed = t, False
        self.newest: dict[bool, Packet] = {}
        self.make: Any = None
        t.path(self.see)

    def see(self, p: Packet, up: bool) -> Verdict:
        self.newest[up] = p
        if up and p.payload and self.armed:
            self.armed = False
            self.make(p)
        return None


def ask(t: Trial, tap: Tap) -> None:
    """A running connection, then the question; the server answers it regardless."""
    c, s = t.pair()
    t.talk(c, s, 2)
    t.settle()
    tap.armed = True
    with contextlib.suppress(OSError):
        c.sendall(t.data(t.rng.randint(60, 500)))
        s.settimeout(1)
        if s.recv(2000):
            s.sendall(t.data(2000))
    t.settle()
    c.close()
    s.close()
    t.settle()


def to_client(p: Packet, flags: int, **look: Any) -> Packet:
    return p.reply(flags=flags, ack=p.end if flags & ACK else 0, **look)


def to_server(p: Packet, flags: int, **look: Any) -> Packet:
    made = dataclasses.replace(p, seq=p.end, payload=b"", options=b"", flags=flags)
    return dataclasses.replace(made, ack=p.ack if flags & ACK else 0, **look)


@FAMILY.scenario(TO_CLIENT, server=TO_SERVER, delay=FAR)
def pair_after_question(t: Trial) -> None:
    """Two resets to each side, the second one far above the first, from a machine far off."""
    tap = Tap(t)
    look = {"ttl": t.rng.randint(15, 40), "ident": t.rng.getrandbits(16), "window": 0, "df": False}
    step = t.rng.randint(9000, 16000)

    def make(p: Packet) -> None:
        near = to_client(p, RST, **look)
        t.inject(near, dataclasses.replace(near, seq=near.seq + step))
        far = to_server(p, RST, **look)
        t.inject_later(far, dataclasses.replace(far, seq=far.seq + step))

    tap.make = make
    ask(t, tap)


@FAMILY.scenario(TO_CLIENT, server=TO_SERVER, delay=FAR)
def bare_of_timestamps(t: Trial) -> None:
    """RST and ACK with a live window, but without the timestamps that this connection has."""
    tap = Tap(t)
    look = {"ttl": t.rng.choice((64, 128, 255)) - t.rng.randint(0, 9), "ident": 0}
    look["window"] = t.rng.randint(300, 60000)

    def make(p: Packet) -> None:
        t.inject(to_client(p, RST | ACK, **look))
        t.inject_later(to_server(p, RST | ACK, **look))

    tap.make = make
    ask(t, tap)


@FAMILY.scenario(TO_CLIENT, server=TO_SERVER, delay=FAR)
def window_zero(t: Trial) -> None:
    """RST and ACK, window 0, from a TTL of 255: what many boxes send."""
    tap = Tap(t)
    look = {"ttl": 255 - t.rng.randint(1, 12), "ident": t.rng.getrandbits(16), "window": 0}
    look["df"] = t.rng.random() < 0.5

    def make(p: Packet) -> None:
        t.inject(to_client(p, RST | ACK, **look))
        t.inject_later(to_server(p, RST | ACK, **look))

    tap.make = make
    ask(t, tap)


@FAMILY.scenario(TO_CLIENT, server=DEAD_CLIENT, delay=(0.03, 0.05))
def faster_than_light(t: Trial) -> None:
    """A host's reply to the letter, but it comes at once over a path of 60 to 100 ms.

    The server's true answer follows a round trip later.
    """
    tap = Tap(t)
    tap.make = lambda p: t.inject(to_client(p, RST, ttl=63 - HOPS, ident=0, window=0))
    ask(t, tap)


def after_handshake(t: Trial, flags: int, look: dict[str, Any]) -> None:
    """The client's first question, the first packet after the handshake, sets the box off."""
    tap = Tap(t)

    def make(p: Packet) -> None:
        t.inject(to_client(p, flags, **look))
        t.inject_later(to_server(p, flags, **look))

    tap.make = make
    tap.armed = True
    c, s = t.pair()
    with contextlib.suppress(OSError):
        c.sendall(t.data(t.rng.randint(60, 500)))
        s.settimeout(1)
        if s.recv(2000):
            s.sendall(t.data(900))
    t.settle()
    c.close()
    s.close()
    t.settle()


@FAMILY.scenario(TO_CLIENT, server=TO_SERVER, delay=FAR)
def first_question(t: Trial) -> None:
    """The box knows nothing of the server but its SYN-ACK, whose form a reset need not have."""
    look = {"ttl": t.rng.choice((64, 128, 255)) - t.rng.randint(2, 12), "window": 0}
    look["ident"] = t.rng.choice((0, t.rng.getrandbits(16)))
    after_handshake(t, t.rng.choice((RST, RST | ACK)), look)


@FAMILY.scenario(
    label("open", "none", "still_open", OPEN, visible=False),
    router=label("reset", "third_party", "reset_injected", OPEN + AFTER, visible=False),
    server=label("reset", "third_party", "reset_injected", OPEN + r" >RA?(?: <[AD]| >[AD]| >R)*"),
    delay=FAR,
)
def server_alone_is_told(t: Trial) -> None:
    """Only the server is reset, while the client is silent; it has no reason to."""
    tap = Tap(t)
    given: dict[str, Label | None] = dict(t.scenario.views)
    given["router"] = given["client"]
    c, s = t.pair(0, given)
    t.talk(c, s, 2)
    t.settle()
    time.sleep(t.rng.uniform(0.1, 0.6))
    newest = tap.newest[True]
    look = {"ttl": t.rng.choice((128, 255)) - t.rng.randint(2, 12), "window": 0}
    t.inject(to_server(newest, RST | ACK, **look))
    t.settle()
    t.hold(c, s)
