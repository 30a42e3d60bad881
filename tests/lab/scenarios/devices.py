"""Servers whose packets have the forms of other systems: hosts all the same, nobody in between.

The kernel underneath is Linux; the path dresses what it sends. So the client's and the router's
captures hold these forms; the server's own holds Linux'.
"""

from __future__ import annotations

import dataclasses
import socket
import time

from forwarder import Pass, Verdict
from labels import label, views
from packet import ACK, RST, SYN, Packet
from scenarios.orderly import CLIENT_FIRST, OPEN
from trial import Family, Trial, drain, linger0, vanish

FAMILY = Family("devices")
FAR = (0.001, 0.04)
AFTER = r"(?: [<>]RA?| [<>][ADF])*"


def no_stamps(p: Packet) -> Packet:
    if not (found := p.timestamps()):
        return p
    at = found[0] - 2
    return dataclasses.replace(p, options=p.options[:at] + b"\1" * 10 + p.options[at + 10 :])


class Dress:
    """What the server sends, as another system would have sent it."""

    def __init__(self, t: Trial, system: str) -> None:
        self.t, self.system = t, system
        # The number of hops stays: only the TTL that they are counted from is another.
        self.more = {"windows": 64, "xnu": 0, "device": 191}[system]
        self.ident = t.rng.getrandbits(15)
        t.path(self.see)

    def see(self, p: Packet, up: bool) -> Verdict:
        made = p
        if self.system in ("windows", "device") and p.flags & SYN:
            made = no_stamps(p)
        if up:
            return Pass(packet=made)
        self.ident += 1
        made = dataclasses.replace(made, ttl=made.ttl + self.more)
        if self.system == "windows":
            made.ident = self.ident
            if p.flags & RST:
                made.window = 0
        if self.system == "xnu":
            made.ident = 0
            if p.flags & RST:
                made.options = b""
        if self.system == "device":
            made.ident, made.df = self.ident, False
            if p.flags & RST:
                made = dataclasses.replace(made, options=b"", window=0, flags=RST, ack=0)
        return Pass(packet=made)


def abort(t: Trial, system: str, *, unread: bool) -> None:
    Dress(t, system)
    c, s = t.pair()
    t.talk(c, s)
    t.settle()
    t.pause(0.05, 1.0)
    if unread:
        c.sendall(t.data(300))
        t.settle()
    else:
        linger0(s)
    s.close()
    t.settle()
    c.close()


ABORT = label("reset", "server", "application_abort", OPEN + r" <RA?" + AFTER)
UNREAD = label(
    "reset", "server", "abort_unread_data", OPEN + r" >D(?: <A)? <RA?" + AFTER, "application_abort"
)


@FAMILY.scenario(ABORT, delay=FAR)
def windows_abort(t: Trial) -> None:
    """Windows: no timestamps, TTL 128, the aborting reset with window 0."""
    abort(t, "windows", unread=False)


@FAMILY.scenario(UNREAD, delay=FAR)
def windows_unread(t: Trial) -> None:
    """The same with a request unread."""
    abort(t, "windows", unread=True)


@FAMILY.scenario(ABORT, delay=FAR)
def xnu_abort(t: Trial) -> None:
    """macOS and iOS: timestamps on every segment but resets."""
    abort(t, "xnu", unread=False)


@FAMILY.scenario(UNREAD, delay=FAR)
def xnu_unread(t: Trial) -> None:
    """The same with a request unread."""
    abort(t, "xnu", unread=True)


@FAMILY.scenario(ABORT, delay=FAR)
def device_abort(t: Trial) -> None:
    """A device with TTL 255 whose aborts are a bare RST, after it has acknowledged everything."""
    abort(t, "device", unread=False)


@FAMILY.scenario(label("handshake_refused", "server", "port_closed", r">S <RA"), delay=FAR)
def windows_closed_port(t: Trial) -> None:
    """A closed port of a Windows host; its other ports are served as ever."""
    port = t.port
    for _ in range(2):
        t.port = t.new_port()
        Dress(t, "windows")
        c, s = t.pair()
        t.records[-1].views = CLOSED_BY_CLIENT
        t.talk(c, s, 1)
        c.close()
        drain(s)
        s.close()
        t.settle()
    t.port = port
    Dress(t, "windows")
    c = t.caller()
    t.record(c)
    try:
        c.connect((t.server, t.port))
        raise RuntimeError("it should have been refused")
    except ConnectionRefusedError:
        c.close()


DONE = label("graceful", "client", "client_close", CLIENT_FIRST)
CLOSED_BY_CLIENT = views(DONE)


@FAMILY.scenario(label("reset", "server", "no_socket", OPEN + r" >D <RA?"), delay=FAR)
def windows_restarted(t: Trial) -> None:
    """A Windows host that has lost the connection: its reply is a bare reset, TTL 128."""
    Dress(t, "windows")
    c, s = t.pair()
    t.talk(c, s)
    t.settle()
    vanish(s)
    t.pause(0.1, 1.0)
    c.sendall(t.data(200))
    t.settle()
    c.close()


@FAMILY.scenario(
    label("reset_after_fin", "server", "data_after_close", OPEN + r" <F~ >D <RA?" + AFTER),
    delay=FAR,
)
def device_data_after_close(t: Trial) -> None:
    """A device has closed; what the client says after that is refused by a bare reset."""
    Dress(t, "device")
    c, s = t.pair()
    t.talk(c, s, 1)
    s.close()
    drain(c)
    t.settle()
    c.sendall(t.data(200))
    t.settle()
    c.close()


@FAMILY.scenario(
    # A program that aborts after its shutdown looks the same.
    label(
        "reset_after_fin", "server", "fin_wait2_expired", OPEN + r" <F~ <RA?", "application_abort"
    ),
    kernel=False,
    slow=True,
    delay=FAR,
)
def device_stops_waiting(t: Trial) -> None:
    """A small stack has closed and waits 3 s for the other FIN, then it resets, unprompted.

    Its socket is gone in silence, and its reset is sent by hand from the server's namespace.
    """
    newest: dict[bool, Packet] = {}

    def note(p: Packet, up: bool) -> Verdict:
        newest[up] = p
        return None

    t.path(note)
    c, s = t.pair()
    t.talk(c, s, 1)
    s.shutdown(socket.SHUT_WR)
    drain(c)
    t.settle()
    vanish(s)
    time.sleep(3)
    last, ack = newest[False], newest[True].end
    end = dataclasses.replace(last, seq=last.end, ack=ack, payload=b"", ttl=64, window=2000)
    t.shared.raw["server"].send(dataclasses.replace(end, flags=RST | ACK, ident=last.ident + 1))
    t.settle()
    c.close()
