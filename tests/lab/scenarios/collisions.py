"""A SYN that meets what is left of an earlier connection of the same ports."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import time

from forwarder import Drop, Pass, Verdict
from labels import Label, label, views
from packet import RST, SYN, Packet
from scenarios.orderly import CLIENT, OPEN, SERVER, SERVER_FIRST
from trial import Family, Trial, drain, vanish

FAMILY = Family("collisions")
TCP = socket.IPPROTO_TCP
FAR = (0.001, 0.04)
MET = r">S <A >R >S <SA~ >F(?: [<>][AF])+"
STUCK = r">S(?: >S| <A| >R)*"
BACK = label("graceful", "client", "port_reuse_collision", MET, "client_close")
# Old connections end when their ports' next SYN comes, or were ended before.
LEFT = label(
    "superseded",
    "none",
    "port_reuse_collision",
    OPEN + r" >F~",
    "half_open_discovered",
    "still_open",
    "undetermined",
    "fin_wait2_expired",
)


def plain(p: Packet) -> Packet:
    """Without timestamps, as clients are that do not know them."""
    if not p.flags & SYN or not (found := p.timestamps()):
        return p
    at = found[0] - 2
    return dataclasses.replace(p, options=p.options[:at] + b"\1" * 10 + p.options[at + 10 :])


def aged(t: Trial, port: int, isn: int) -> socket.socket:
    """A client whose next number is lower than the last connection's was."""
    c = t.caller(port=port)
    c.setsockopt(TCP, 19, 1)  # TCP_REPAIR
    c.setsockopt(TCP, 20, 2)  # the send queue's
    c.setsockopt(TCP, 21, isn.to_bytes(4, "little"))  # number
    c.setsockopt(TCP, 19, -1)
    return c


def serve(t: Trial, c: socket.socket, s: socket.socket) -> None:
    t.talk(c, s, 1)
    t.settle()
    c.close()
    drain(s)
    s.close()


def in_time_wait(t: Trial, *, stuck: bool) -> tuple[socket.socket, int, int]:
    """The server closes first and keeps the ports in TIME_WAIT; the client, with no timestamps and a
    lower number than before, comes back. `stuck`: its resets do not get through."""
    seen: list[Packet] = []
    again = [False]

    def watch(p: Packet, up: bool) -> Verdict:
        if up and p.bare_syn:
            seen.append(p)
        if up and again[0] and stuck and p.flags & RST:
            return Drop()
        return Pass(packet=plain(p)) if p.flags & SYN else None

    t.path(watch)
    listener = t.listen()
    c = t.dial()
    t.record(c, views(SERVER))
    port = c.getsockname()[1]
    s, _ = listener.accept()
    t.talk(c, s, 1)
    s.close()
    drain(c)
    c.close()
    t.settle()
    t.pause(0.2, 1.0)
    again[0] = True
    isn = (seen[0].seq - t.rng.randint(100_000, 1_000_000)) & 0xFFFFFFFF
    return listener, port, isn


@FAMILY.scenario(BACK, delay=FAR)
def time_wait_collision(t: Trial) -> None:
    """The SYN meets TIME_WAIT, which acknowledges its own past; the client's reset clears the way."""
    listener, port, isn = in_time_wait(t, stuck=False)
    c = aged(t, port, isn)
    t.record(c, views(BACK))
    c.connect((t.server, t.port))
    s, _ = listener.accept()
    listener.close()
    serve(t, c, s)


GAVE_UP = label("handshake_abandoned", "client", "port_reuse_collision", STUCK)
GAVE_UP_SERVER = label(
    "handshake_incomplete", "none", "port_reuse_collision", r">S(?: >S| <A)*", "syn_unanswered"
)


@FAMILY.scenario(GAVE_UP, server=GAVE_UP_SERVER, delay=FAR, slow=True)
def time_wait_stuck(t: Trial) -> None:
    """The same, but a firewall eats the client's resets: the client tries in vain and gives up."""
    listener, port, isn = in_time_wait(t, stuck=True)
    t.hold(listener)
    c = aged(t, port, isn)
    t.record(c, views(GAVE_UP, server=GAVE_UP_SERVER))
    give_up(t, c)


def give_up(t: Trial, c: socket.socket) -> None:
    c.settimeout(t.rng.uniform(1.5, 3.5))
    with contextlib.suppress(OSError):
        c.connect((t.server, t.port))
        raise RuntimeError("the connection should have timed out")
    c.close()
    t.settle()


def in_close_wait(t: Trial, left: Label) -> tuple[socket.socket, int, socket.socket]:
    """The server's program never closes; the client's end is gone after a second."""
    listener = t.listen()
    c = t.dial()
    t.record(c, views(left))
    port = c.getsockname()[1]
    old, _ = listener.accept()
    old.settimeout(15)
    t.talk(c, old, 1)
    c.setsockopt(TCP, 8, 1)  # TCP_LINGER2
    c.close()
    t.settle()
    time.sleep(t.rng.uniform(2.2, 3.0))
    return listener, port, old


@FAMILY.scenario(BACK, delay=FAR, slow=True)
def close_wait_collision(t: Trial) -> None:
    """The server's program forgot to close: the SYN meets CLOSE_WAIT and is told so."""
    listener, port, old = in_close_wait(t, LEFT)
    c = t.caller(port=port)
    t.record(c, views(BACK))
    c.connect((t.server, t.port))
    s, _ = listener.accept()
    listener.close()
    serve(t, c, s)
    with contextlib.suppress(OSError):
        old.close()


@FAMILY.scenario(GAVE_UP, server=GAVE_UP_SERVER, delay=FAR, slow=True)
def close_wait_stuck(t: Trial) -> None:
    """The same, but the client's resets do not get through."""
    listener, port, old = in_close_wait(t, LEFT)
    t.path(lambda p, up: Drop() if up and p.flags & RST else None)
    t.hold(listener, old)
    c = t.caller(port=port)
    t.record(c, views(GAVE_UP, server=GAVE_UP_SERVER))
    give_up(t, c)


CRASHED = label("graceful", "client", "half_open_discovered", MET, "client_close")
DEAD = label("superseded", "none", "half_open_discovered", OPEN, "still_open", "undetermined")


@FAMILY.scenario(CRASHED, delay=FAR)
def crashed_client_returns(t: Trial) -> None:
    """The client has crashed and comes back with the same port: its own past answers."""
    listener = t.listen()
    c = t.dial()
    t.record(c, views(DEAD))
    port = c.getsockname()[1]
    old, _ = listener.accept()
    old.settimeout(15)
    t.talk(c, old)
    t.settle()
    vanish(c)
    t.pause(0.3, 3.0)
    c = t.caller(port=port)
    t.record(c, views(CRASHED))
    c.connect((t.server, t.port))
    s, _ = listener.accept()
    listener.close()
    serve(t, c, s)
    with contextlib.suppress(OSError):
        old.close()


CRASHED_STUCK = label("handshake_abandoned", "client", "half_open_discovered", STUCK)
CRASHED_STUCK_SERVER = label(
    "handshake_incomplete", "none", "half_open_discovered", r">S(?: >S| <A)*", "syn_unanswered"
)


@FAMILY.scenario(CRASHED_STUCK, server=CRASHED_STUCK_SERVER, delay=FAR, slow=True)
def crashed_client_stuck(t: Trial) -> None:
    """The same, but its resets do not get through: it never connects."""
    listener = t.listen()
    c = t.dial()
    t.record(c, views(DEAD))
    port = c.getsockname()[1]
    old, _ = listener.accept()
    t.say(c, old)
    t.settle()
    vanish(c)
    t.pause(0.3, 1.0)
    t.path(lambda p, up: Drop() if up and p.flags & RST else None)
    t.hold(listener, old)
    c = t.caller(port=port)
    t.record(c, views(CRASHED_STUCK, server=CRASHED_STUCK_SERVER))
    give_up(t, c)


@FAMILY.scenario(SERVER, delay=FAR)
def time_wait_yields(t: Trial) -> None:
    """No collision: TIME_WAIT gives way to a SYN with a newer timestamp and a higher number."""
    listener = t.listen()
    c = t.dial()
    t.record(c, views(SERVER))
    port = c.getsockname()[1]
    s, _ = listener.accept()
    t.talk(c, s, 1)
    s.close()
    drain(c)
    c.close()
    t.settle()
    time.sleep(1.1)
    c = t.caller(port=port)
    t.record(c, views(CLIENT))
    c.connect((t.server, t.port))
    s, _ = listener.accept()
    listener.close()
    serve(t, c, s)


@FAMILY.scenario(
    label("graceful", "client", "client_close", r">S(?: <SA| [<>][AD])+ >F(?: [<>][AF])+"),
    delay=(0.005, 0.04),
)
def late_segment_of_the_past(t: Trial) -> None:
    """A late copy of the earlier connection's data arrives when the ports are in use again."""
    kept: list[Packet] = []

    def keep(p: Packet, up: bool) -> Verdict:
        if not up and p.payload:
            kept.append(p)
        return None

    t.path(keep)
    listener = t.listen()
    c = t.dial()
    late = label("graceful", "server", "server_close", SERVER_FIRST)
    t.record(c, views(late))
    port = c.getsockname()[1]
    s, _ = listener.accept()
    t.talk(c, s, 1)
    s.close()
    drain(c)
    c.close()
    t.settle()
    time.sleep(1.1)
    old = kept[-1]
    c = t.caller(port=port)
    t.record(c, t.scenario.views)
    c.connect((t.server, t.port))
    s, _ = listener.accept()
    t.say(c, s)
    t.inject(old)
    t.settle()
    t.say(s, c)
    listener.close()
    serve(t, c, s)
