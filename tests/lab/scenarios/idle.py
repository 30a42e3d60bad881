"""Boxes that end a connection after a silence: unprompted or at the next packet, in any shape.

The limits are those of boxes (minutes to hours) compressed to seconds. Before the victim, one or two
connections of the same service are silent for a part of the limit and live.
"""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import time
from typing import Any

from forwarder import Drop, Pass, Verdict
from labels import Label, label, views
from packet import ACK, RST, Packet
from scenarios.orderly import CLIENT, OPEN, SERVER_FIRST
from trial import Family, Trial, drain, linger0

FAMILY = Family("idle")
STILL = label("open", "none", "still_open", OPEN, visible=False)
FAR = (0.01, 0.04)


def limit(t: Trial) -> float:
    return t.rng.choice((2.0, 3.0, 4.0, 6.0, 8.0))


class Box:
    """Remembers the newest segment of each side of one port's connections."""

    def __init__(self, t: Trial, *, plain: bool = False) -> None:
        self.t, self.plain = t, plain
        self.last: dict[tuple[int, bool], Packet] = {}
        self.dead = False
        self.at_next: list[bool] = []
        # What its own resets look like: another machine's TTL, its own window and number.
        self.look: dict[str, Any] = {
            "ttl": t.rng.choice((64, 128, 255)) - t.rng.randint(1, 6),
            "window": t.rng.choice((0, 0, 0, t.rng.randint(200, 9000))),
            "ident": t.rng.choice((0, t.rng.getrandbits(16))),
            "df": t.rng.random() < 0.5,
        }
        self.flags = t.rng.choice((RST, RST | ACK))
        t.path(self.see)

    def see(self, p: Packet, up: bool) -> Verdict:
        if self.at_next and up == self.at_next[0] and p.payload:
            self.dead = True
            self.at_next.clear()
            self.t.inject(self.made(p.reply(payload=b"")))
            return Drop()
        if self.dead:
            return Drop()
        if self.plain and p.flags & 2 and (found := p.timestamps()):
            at = found[0] - 2
            p = dataclasses.replace(p, options=p.options[:at] + b"\1" * 10 + p.options[at + 10 :])
            return Pass(packet=p)
        port = p.sport if up else p.dport
        old = self.last.get((port, up))
        if old is None or (p.end - old.end) & 0xFFFFFFFF < 1 << 31:
            self.last[port, up] = p
        return None

    def made(self, p: Packet) -> Packet:
        ack = p.ack if self.flags & ACK else 0
        return dataclasses.replace(p, flags=self.flags, options=b"", ack=ack, **self.look)

    def reset(self, port: int, *to_client: bool) -> None:
        """To the client or the server, in the other's name and with its next number."""
        for towards in to_client:
            newest, other = self.last[port, not towards], self.last[port, towards]
            made = dataclasses.replace(newest, seq=newest.end, payload=b"", ack=other.end)
            self.t.inject(self.made(made))
        self.dead = True


def service(t: Trial, silence: float, given: Label, other: Label | None = None) -> Any:
    """A listener whose earlier connections survived shorter silences; then the victim's two ends."""
    listener = t.listen()
    for _ in range(t.rng.randint(1, 2)):
        c = t.dial()
        t.record(c, views(CLIENT))
        s, _ = listener.accept()
        s.settimeout(15)
        t.talk(c, s, 1)
        time.sleep(silence * t.rng.uniform(0.2, 0.5))
        t.talk(c, s, 1)
        c.close()
        drain(s)
        s.close()
    c = t.dial()
    made = views(given, **({"server": other} if other else {}))
    t.record(c, made)
    s, _ = listener.accept()
    s.settimeout(15)
    listener.close()
    t.talk(c, s)
    t.settle()
    return c, s


def unprompted(t: Trial, *sides: bool, plain: bool = False) -> None:
    silence = limit(t)
    box = Box(t, plain=plain)
    to_client = label("reset", "third_party", "idle_timeout_reset", OPEN + r" <RA?(?: >R)?")
    to_server = label("reset", "third_party", "idle_timeout_reset", OPEN + r" >RA?(?: <R)?")
    near = to_client if True in sides else STILL
    far = to_server if False in sides else STILL
    c, s = service(t, silence, near, far)
    time.sleep(silence)
    box.reset(c.getsockname()[1], *sides)
    t.settle()
    t.hold(c, s)


TO_CLIENT = label("reset", "third_party", "idle_timeout_reset", OPEN + r" <RA?(?: >R)?")
TO_SERVER = label("reset", "third_party", "idle_timeout_reset", OPEN + r" >RA?(?: <R)?")


@FAMILY.scenario(TO_CLIENT, server=TO_SERVER, slow=True, delay=FAR)
def idle_both(t: Trial) -> None:
    """The box's timer resets both ends, though nobody has said a word."""
    unprompted(t, True, False)


@FAMILY.scenario(TO_CLIENT, server=TO_SERVER, slow=True, delay=(0.0005, 0.002))
def idle_both_lan(t: Trial) -> None:
    """The same on a fast network."""
    unprompted(t, True, False)


@FAMILY.scenario(TO_CLIENT, server=STILL, slow=True, delay=FAR)
def idle_client_only(t: Trial) -> None:
    """Only the client is told."""
    unprompted(t, True)


@FAMILY.scenario(STILL, server=TO_SERVER, slow=True, delay=FAR)
def idle_server_only(t: Trial) -> None:
    """Only the server is told."""
    unprompted(t, False)


@FAMILY.scenario(TO_CLIENT, server=TO_SERVER, slow=True, delay=FAR)
def idle_both_plain(t: Trial) -> None:
    """Connections without timestamps (the box takes them out of the SYNs)."""
    unprompted(t, True, False, plain=True)


@FAMILY.scenario(TO_CLIENT, server=STILL, slow=True, delay=FAR)
def idle_client_only_plain(t: Trial) -> None:
    """The same, and only the client is told."""
    unprompted(t, True, plain=True)


def prompted(t: Trial, *, plain: bool = False, both: bool = False) -> None:
    """The box waits for the next request and answers that."""
    silence = limit(t)
    box = Box(t, plain=plain)
    near = label(
        "reset", "third_party", "idle_timeout_reset", OPEN + r" >D <RA?(?: >R)?", "nat_state_lost"
    )
    far = TO_SERVER if both else STILL
    c, s = service(t, silence, near, far)
    time.sleep(silence)
    port = c.getsockname()[1]
    box.at_next.append(True)
    c.sendall(t.data(t.rng.randint(40, 900)))
    t.settle()
    if both:
        box.reset(port, False)
        t.settle()
    t.hold(c, s)


PROMPTED = label(
    "reset", "third_party", "idle_timeout_reset", OPEN + r" >D <RA?(?: >R)?", "nat_state_lost"
)


@FAMILY.scenario(PROMPTED, server=STILL, slow=True, delay=FAR)
def idle_next_request(t: Trial) -> None:
    """The box answers the next request with a reset of its own making."""
    prompted(t)


@FAMILY.scenario(PROMPTED, server=STILL, slow=True, delay=FAR)
def idle_next_request_plain(t: Trial) -> None:
    """The same without timestamps."""
    prompted(t, plain=True)


@FAMILY.scenario(PROMPTED, server=TO_SERVER, slow=True, delay=FAR)
def idle_next_request_both(t: Trial) -> None:
    """The next request makes it reset both ends."""
    prompted(t, both=True)


@FAMILY.scenario(
    label("reset", "server", "application_abort", OPEN + r" <RA(?: <R| >[ADF])*"),
    slow=True,
    delay=FAR,
)
def idle_host_aborts(t: Trial) -> None:
    """No box: the server's program aborts after the same silence (SO_LINGER 0)."""
    silence = limit(t)
    given = label("reset", "server", "application_abort", OPEN + r" <RA(?: <R| >[ADF])*")
    c, s = service(t, silence, given)
    time.sleep(silence)
    linger0(s)
    s.close()
    t.settle()
    c.close()


@FAMILY.scenario(
    label("graceful", "server", "idle_close", SERVER_FIRST, "server_close"), slow=True, delay=FAR
)
def idle_host_closes(t: Trial) -> None:
    """No box: the server closes in order after the same silence."""
    silence = limit(t)
    given = label("graceful", "server", "idle_close", SERVER_FIRST, "server_close")
    c, s = service(t, silence, given)
    time.sleep(silence)
    s.close()
    drain(c)
    c.close()


RACE = label(
    "reset_after_fin",
    "server",
    "keepalive_race",
    OPEN + r"(?: >D <F| <F >D)(?: >A)?(?: [<>]R| [<>][ADF])*",
    "data_after_close",
)


@FAMILY.scenario(RACE, slow=True, delay=(0.02, 0.04))
def idle_race(t: Trial) -> None:
    """The server's idle close and the next request cross; others of the service came in time."""
    silence = limit(t)
    c, s = service(t, silence, RACE)
    time.sleep(silence)
    s.close()
    time.sleep(t.rng.uniform(0, t.delay * 0.6))
    c.sendall(t.data(t.rng.randint(100, 600)))
    t.settle()
    with contextlib.suppress(OSError):
        drain(c)
    c.close()
    t.settle()


@FAMILY.scenario(
    label(
        "peer_unresponsive",
        "none",
        "retransmission_timeout",
        OPEN + r"(?: >D){3,}",
        "idle_timeout_reset",
        "nat_state_lost",
    ),
    server=STILL,
    slow=True,
    delay=FAR,
)
def idle_dropped(t: Trial) -> None:
    """The box forgets in silence and drops: the next request is repeated and never answered."""
    silence = limit(t)
    gone = t.scenario.views["client"]
    assert gone is not None
    box = Box(t)
    c, s = service(t, silence, gone, STILL)
    time.sleep(silence)
    box.dead = True
    c.sendall(t.data(200))
    t.hold(c, s)
    time.sleep(3)


@FAMILY.scenario(
    label("reset", "client", "keepalive_timeout", OPEN + r"(?: >A){3,} >RA"),
    server=STILL,
    slow=True,
    delay=FAR,
)
def idle_keepalive_dropped(t: Trial) -> None:
    """The same, found out by the client's keepalive probes."""
    gone = t.scenario.views["client"]
    assert gone is not None
    box = Box(t)
    c, s = service(t, 2.0, gone, STILL)
    for option in (
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 2),
        (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1),
        (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    ):
        c.setsockopt(*option)
    box.dead = True
    t.hold(s)
    with contextlib.suppress(OSError):
        c.settimeout(12)
        c.recv(1)
    c.close()
