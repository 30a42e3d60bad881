"""A server that does not call accept(): its queue of established connections is full."""

from __future__ import annotations

import contextlib
import socket
import time

from forwarder import Pass, Verdict
from labels import Label, Views, label, views
from packet import SYN, Packet
from scenarios.orderly import OPEN
from trial import Family, Trial, drain

# Without SYN cookies a full queue shows itself as the documentation says.
FAMILY = Family("overflow", {"net/ipv4/tcp_syncookies": "0"})
WAITING = views(label("open", "none", "still_open", OPEN))
IGNORED = r">S <SA >A(?: >D| <SA| >A)+"


def race(t: Trial, losers: int, given: Views) -> tuple[socket.socket, list[socket.socket]]:
    """Fills all but one place, then lets several handshakes race for the last one."""
    backlog = 6
    listener = t.listen(backlog)
    for _ in range(backlog):
        c = t.dial()
        t.record(c, WAITING)
        t.hold(c)
    racers = []

    def slower(p: Packet, up: bool) -> Verdict:
        return Pass(t.delay + 0.2) if p.flags & SYN and not up else None

    t.path(slower)
    t.settle()
    for n in range(1 + losers):
        c = t.caller()
        c.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            c.connect((t.server, t.port))
        t.record(c, given if n else WAITING)
        racers.append(c)
        time.sleep(0.003)
    t.hold(*racers)
    t.settle()
    time.sleep(0.3)
    return listener, racers


@FAMILY.scenario(
    label(
        "peer_unresponsive",
        "none",
        "accept_queue_overflow",
        IGNORED,
        "retransmission_timeout",
        "handshake_ack_lost",
    ),
    slow=True,
    delay=(0.004, 0.008),
)
def ack_ignored(t: Trial) -> None:
    """The final ACK finds the queue full and is ignored: data goes unanswered, SYN-ACKs repeat."""
    listener, racers = race(t, 3, t.scenario.views)
    for c in racers[1:]:
        c.sendall(t.data(100))
    t.hold(listener)
    time.sleep(4.5)


@FAMILY.scenario(
    label("handshake_unanswered", "none", "accept_queue_overflow", r">S(?: >S)+", "syn_unanswered"),
    slow=True,
)
def syn_ignored(t: Trial) -> None:
    """The queue is full before the SYN comes: it is dropped in silence."""
    listener = t.listen(2)
    for _ in range(3):
        c = t.dial()
        t.record(c, WAITING)
        t.hold(c)
    t.settle()
    for _ in range(2):
        c = t.caller()
        t.record(c)
        c.settimeout(t.rng.uniform(2.3, 3.8))
        with contextlib.suppress(TimeoutError):
            c.connect((t.server, t.port))
            raise RuntimeError("the SYN should have been dropped")
        c.close()
    t.hold(listener)


@FAMILY.scenario(
    label(
        "graceful",
        "client",
        "client_close",
        r">S <SA >A(?: >D| <SA| [<>]A| <D)+ >F(?: [<>][AF]| <SA| <R)+",
        "accept_queue_overflow",
        "handshake_ack_lost",
    ),
    slow=True,
    delay=(0.004, 0.008),
)
def overflow_survived(t: Trial) -> None:
    """The same, but the server wakes up in time: after a while all is well."""
    listener, racers = race(t, 2, t.scenario.views)
    late = racers[1:]
    for c in late:
        c.sendall(b"x" * 50)
    time.sleep(0.5)
    ports = {c.getsockname()[1]: c for c in late}
    while ports:
        s, (_, port, *_) = listener.accept()
        if port not in ports:
            t.hold(s)
            continue
        c = ports.pop(port)
        s.settimeout(15)
        c.setblocking(True)
        s.recv(50)
        t.say(s, c)
        t.settle()
        c.close()
        drain(s)
        s.close()
    listener.close()


def dropped(t: Trial, given: Label, data: bool) -> None:
    listener = t.listen(8)
    callers = []
    for _ in range(t.rng.randint(2, 4)):
        c = t.dial()
        t.record(c, views(given))
        if data:
            c.sendall(t.data(80))
        callers.append(c)
    t.pause(0.1, 0.5)
    listener.close()
    t.settle()
    for c in callers:
        c.close()


CLOSED = label(
    "reset", "server", "accept_queue_dropped", OPEN + r" <RA(?: <R| >[ADF])*", "application_abort"
)


@FAMILY.scenario(CLOSED)
def listener_closed(t: Trial) -> None:
    """The listener is closed with connections waiting in its queue."""
    dropped(t, CLOSED, False)


UNREAD = label(
    "reset",
    "server",
    "accept_queue_dropped",
    OPEN + r" <RA(?: <R| >[ADF])*",
    "application_abort",
    "abort_unread_data",
)


@FAMILY.scenario(UNREAD)
def listener_closed_data(t: Trial) -> None:
    """The same; their first requests were already there."""
    dropped(t, UNREAD, True)
