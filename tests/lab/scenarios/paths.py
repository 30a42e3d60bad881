"""Hosts whose packets come by several paths or with a TTL of their program's choice: no third party.

What would be a sign of a box elsewhere is none here: the host itself has shown that it varies.
"""

from __future__ import annotations

import contextlib
import dataclasses
import socket

from forwarder import Pass, Verdict
from labels import Label, label, views
from packet import Packet
from scenarios.orderly import CLIENT, OPEN
from trial import Family, Trial, drain, linger0, vanish

FAMILY = Family("paths")
FAR = (0.002, 0.04)
REFUSED = label("handshake_refused", "server", "port_closed", r">S <RA")
NO_SOCKET = label("reset", "server", "no_socket", OPEN + r" >D <R")
ABORT = label("reset", "server", "application_abort", OPEN + r" <RA(?: <R| >[ADF])*")


class Paths:
    """Each flow takes one of several ways back, which differ in hops and in time."""

    def __init__(self, t: Trial, *, hops: int, delay: float) -> None:
        self.t, self.hops, self.delay = t, hops, delay
        self.way: dict[tuple[int, int], tuple[int, float]] = {}

    def see(self, p: Packet, up: bool) -> Verdict:
        if up:
            return None
        # The way is chosen by the flow, as routers do; a host's reply to it takes the same one.
        key = (p.sport, p.dport)
        if key not in self.way:
            rng = self.t.rng
            self.way[key] = (rng.randint(0, self.hops), rng.uniform(0, self.delay))
        fewer, later = self.way[key]
        return Pass(self.t.delay + later, dataclasses.replace(p, ttl=p.ttl - fewer))

    def also(self, port: int) -> None:
        self.t.path(self.see, port)


def others(t: Trial, paths: Paths, count: int) -> None:
    """Ordinary exchanges by which the capture knows how this host varies."""
    port = t.port
    for _ in range(count):
        t.port = t.new_port()
        paths.also(t.port)
        c, s = t.pair(0, views(CLIENT), "ordinary")
        t.talk(c, s, 1)
        c.close()
        drain(s)
        s.close()
        t.settle()
    t.port = port
    paths.also(port)


def refused(t: Trial) -> None:
    c = t.caller()
    t.record(c)
    with contextlib.suppress(ConnectionRefusedError):
        c.connect((t.server, t.port))
        raise RuntimeError("it should have been refused")
    c.close()


@FAMILY.scenario(REFUSED, delay=FAR)
def several_ways_refused(t: Trial) -> None:
    """A closed port of a host whose flows differ by up to nine hops."""
    others(t, Paths(t, hops=9, delay=0.002), t.rng.randint(3, 6))
    refused(t)


@FAMILY.scenario(REFUSED, delay=(0.002, 0.005))
def several_delays_refused(t: Trial) -> None:
    """A closed port of a host whose flows differ by up to 60 ms: an early refusal proves nothing."""
    others(t, Paths(t, hops=0, delay=0.06), t.rng.randint(3, 6))
    refused(t)


@FAMILY.scenario(NO_SOCKET, delay=FAR)
def several_ways_restarted(t: Trial) -> None:
    """Such a host has lost a connection."""
    others(t, Paths(t, hops=9, delay=0.002), 3)
    lost(t)


def lost(t: Trial) -> None:
    c, s = t.pair()
    t.talk(c, s)
    t.settle()
    vanish(s)
    t.pause(0.1, 1.0)
    c.sendall(t.data(200))
    t.settle()
    c.close()


def chosen(t: Trial, ttl: int, given: Label) -> tuple[socket.socket, socket.socket]:
    """A server program that sets the TTL of its connections."""
    option = (socket.IPPROTO_IP, socket.IP_TTL, ttl)
    if t.v6:
        option = (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, ttl)
    listener = t.listen(8, None, option)
    c = t.dial()
    t.record(c, views(given))
    s, _ = listener.accept()
    s.settimeout(15)
    s.setsockopt(*option)
    listener.close()
    t.talk(c, s)
    t.settle()
    return c, s


@FAMILY.scenario(NO_SOCKET, delay=FAR)
def program_sets_ttl_32(t: Trial) -> None:
    """The program's TTL is 32, its host's replies have 64: as many hops away, both."""
    c, s = chosen(t, 32, NO_SOCKET)
    vanish(s)
    t.pause(0.1, 1.0)
    c.sendall(t.data(200))
    t.settle()
    c.close()


@FAMILY.scenario(NO_SOCKET, delay=FAR)
def program_sets_ttl_255(t: Trial) -> None:
    """The program's TTL is 255 (as BGP's is), its host's replies have 64."""
    c, s = chosen(t, 255, NO_SOCKET)
    vanish(s)
    t.pause(0.1, 1.0)
    c.sendall(t.data(200))
    t.settle()
    c.close()


@FAMILY.scenario(ABORT, delay=FAR)
def program_sets_ttl_aborts(t: Trial) -> None:
    """Such a program aborts: its reset has the TTL of its data."""
    c, s = chosen(t, t.rng.choice((32, 255)), ABORT)
    linger0(s)
    s.close()
    t.settle()
    c.close()


@FAMILY.scenario(ABORT, delay=FAR)
def way_changes_abort(t: Trial) -> None:
    """The route changes in mid-connection: one or two hops more from then on; then an abort."""
    more = [0]

    def see(p: Packet, up: bool) -> Verdict:
        return None if up else Pass(packet=dataclasses.replace(p, ttl=p.ttl - more[0]))

    t.path(see)
    c, s = t.pair()
    t.talk(c, s, 2)
    t.settle()
    more[0] = t.rng.randint(1, 2)
    if t.repetition % 3:
        t.talk(c, s, 1)
        t.settle()
    t.say(s, c, 200)
    t.settle()
    linger0(s)
    s.close()
    t.settle()
    c.close()
