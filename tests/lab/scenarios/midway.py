"""Captures that begin when the connections have long been made: what is told by their last packets.

Each scenario is played up to its `yield` before the captures begin.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from forwarder import Drop
from labels import label
from packet import ACK, RST, Packet
from trial import Family, Trial, drain, linger0, vanish

FAMILY = Family("midway")
FAR = (0.001, 0.04)
ANY = r"(?:[<>][AD] )*"
TALK = r"(?:[<>][AD] )+"


def some(t: Trial) -> bool:
    """Whether something is said before the end that the capture holds."""
    return t.repetition % 3 != 2


@FAMILY.scenario(
    label("graceful", "client", "client_close", ANY + r">F(?: >F)* <[AF](?: [<>][AF])*"), delay=FAR
)
def midway_client_close(t: Trial) -> Iterator[None]:
    """The client closes in order."""
    c, s = t.pair()
    t.talk(c, s, 1)
    yield
    if some(t):
        t.talk(c, s, 1)
    c.close()
    drain(s)
    s.close()


@FAMILY.scenario(
    label("graceful", "server", "server_close", ANY + r"<F(?: <F)* >[AF](?: [<>][AF])*"), delay=FAR
)
def midway_server_close(t: Trial) -> Iterator[None]:
    """The server closes in order."""
    c, s = t.pair()
    t.talk(c, s, 1)
    yield
    if some(t):
        t.talk(c, s, 1)
    s.close()
    drain(c)
    c.close()


@FAMILY.scenario(label("reset", "server", "no_socket", ANY + r">D <R"), delay=FAR)
def midway_restarted(t: Trial) -> Iterator[None]:
    """The server has lost the connection; all that the capture holds may be the data and its reset."""
    c, s = t.pair()
    t.talk(c, s, 1)
    t.settle()
    yield
    if some(t):
        t.talk(c, s, 1)
        t.settle()
    vanish(s)
    t.pause(0.1, 1.0)
    c.sendall(t.data(200))
    t.settle()
    c.close()


@FAMILY.scenario(
    label("reset", "client", "application_abort", ANY + r">RA", "abort_unread_data"),
    delay=FAR,
)
def midway_abort(t: Trial) -> Iterator[None]:
    """The client aborts; the capture may hold nothing but its reset."""
    c, s = t.pair()
    t.talk(c, s, 1)
    t.settle()
    yield
    if some(t):
        t.talk(c, s, 1)
        t.settle()
    linger0(c)
    c.close()
    t.settle()
    s.close()


@FAMILY.scenario(
    label(
        "reset", "server", "abort_unread_data", ANY + r">D (?:<A )?<RA(?: <R)*", "application_abort"
    ),
    delay=FAR,
)
def midway_unread(t: Trial) -> Iterator[None]:
    """The server closes with the capture's first request unread."""
    c, s = t.pair()
    t.talk(c, s, 1)
    t.settle()
    yield
    c.sendall(t.data(t.rng.randint(100, 900)))
    t.settle()
    s.close()
    t.settle()
    c.close()


@FAMILY.scenario(
    label(
        "reset_after_fin", "client", "data_after_close", ANY + r">F(?: <A)? <D >R(?: [<>][RFA])*"
    ),
    delay=FAR,
)
def midway_data_after_close(t: Trial) -> Iterator[None]:
    """The client closes, the server goes on."""
    c, s = t.pair()
    t.talk(c, s, 1)
    t.settle()
    yield
    if some(t):
        t.talk(c, s, 1)
    c.close()
    t.settle()
    s.sendall(t.data(300))
    t.settle()
    s.close()


@FAMILY.scenario(
    label("peer_unresponsive", "none", "retransmission_timeout", ANY + r">D(?: >D){3,}"),
    server=None,
    slow=True,
    delay=FAR,
)
def midway_path_dies(t: Trial) -> Iterator[None]:
    """The path is dead when the capture begins: only retransmissions."""
    c, s = t.pair()
    t.talk(c, s, 1)
    t.settle()
    t.path(lambda p, up: Drop())
    yield
    c.sendall(t.data(200))
    t.hold(c, s)
    time.sleep(3.5)


@FAMILY.scenario(
    label("open", "none", "still_open", r"(?:[<>][AD] )*[<>][AD]", "undetermined"), delay=FAR
)
def midway_still_open(t: Trial) -> Iterator[None]:
    """An exchange on a connection that outlives the capture."""
    c, s = t.pair()
    t.talk(c, s, 1)
    yield
    t.talk(c, s, 2)
    t.hold(c, s)


@FAMILY.scenario(
    label("reset", "third_party", "idle_timeout_reset", TALK + r"<RA?", "reset_injected"),
    server=label("open", "none", "still_open", TALK + r"[<>][AD]", visible=False),
    slow=True,
    delay=FAR,
)
def midway_box_resets(t: Trial) -> Iterator[None]:
    """A box resets the client after 3 to 6 s of silence: another machine's TTL, no timestamps."""
    newest: list[Packet] = []

    def note(p: Packet, up: bool) -> None:
        if not up:
            newest.append(p)

    t.path(note)
    c, s = t.pair()
    t.talk(c, s, 1)
    yield
    t.talk(c, s, 2)
    time.sleep(t.rng.uniform(3, 6))
    last = newest[-1]
    flags = t.rng.choice((RST, RST | ACK))
    end = Packet(last.src, last.dst, last.sport, last.dport, last.end, 0, flags)
    end.ttl = t.rng.choice((128, 255)) - t.rng.randint(1, 9)
    if flags & ACK:
        end.ack = last.ack
    t.inject(end)
    t.settle()
    with contextlib.suppress(OSError):
        c.recv(1)
    t.hold(s)
    c.close()
