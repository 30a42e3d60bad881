"""Names that are filtered while others at the same service pass, and pages that nobody asked for."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import socket
import time
from collections.abc import Callable
from typing import Any

from forwarder import Drop, Verdict
from labels import Label, label, views
from packet import ACK, FIN, PSH, RST, SYN, Packet
from scenarios.orderly import CLIENT_FIRST, OPEN
from trial import Family, Trial, drain, linger0

FAMILY = Family("names")
FAR = (0.01, 0.04)
AFTER = r"(?: [<>]RA?| [<>][ADF])*"
STILL = label("open", "none", "still_open", OPEN, visible=False)
PASSED = label("graceful", "client", "client_close", CLIENT_FIRST)
BAD = ("blocked.example", "news.blocked.example")


def hello(name: str, rng: random.Random) -> bytes:
    """A ClientHello with that server name."""
    given = name.encode()
    sni = b"\0\0" + (len(given) + 5).to_bytes(2, "big") + (len(given) + 3).to_bytes(2, "big")
    sni += b"\0" + len(given).to_bytes(2, "big") + given
    more = bytes.fromhex("002b0003020304") + bytes.fromhex("000a00040002001d")
    exts = sni + more
    body = b"\x03\x03" + rng.randbytes(32) + b"\x20" + rng.randbytes(32)
    body += bytes.fromhex("0006130113021303") + b"\x01\0" + len(exts).to_bytes(2, "big") + exts
    record = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + len(record).to_bytes(2, "big") + record


def request(name: str, rng: random.Random) -> bytes:
    path = rng.randbytes(6).hex()
    return f"GET /{path} HTTP/1.1\r\nHost: {name}\r\nAccept: */*\r\n\r\n".encode()


Ask = Callable[[str, random.Random], bytes]


def visit(
    t: Trial, listener: socket.socket, ask: Ask, name: str, given: dict[str, Label | None]
) -> tuple[socket.socket, socket.socket]:
    """A connection whose first bytes are a question with a name."""
    c = t.dial()
    t.record(c, given)
    s, _ = listener.accept()
    s.settimeout(2)
    c.sendall(ask(name, t.rng))
    return c, s


def answer(t: Trial, c: socket.socket, s: socket.socket, ask: Ask) -> None:
    """What every other name gets: an answer, some more, and the client's close."""
    s.settimeout(15)
    s.recv(4096)
    head = b"\x16\x03\x03\x00\x7a" if ask is hello else b"HTTP/1.1 200 OK\r\n\r\n"
    reply = head + t.rng.randbytes(122) + (t.data(3000) if ask is request else b"")
    s.sendall(reply)
    got = 0
    while got < len(reply):
        got += len(c.recv(8192))
    if ask is hello:
        t.say(c, s, 300)
        t.say(s, c, 2000)
    t.settle()
    c.close()
    drain(s)
    s.close()


def among(t: Trial, ask: Ask, blocked: Callable[[socket.socket], None]) -> None:
    """Other names before, between and after two visits to a filtered one."""
    listener = t.listen()
    for n, bad in enumerate((False, True, False, True, False)):
        if bad:
            blocked(listener)
            continue
        given = f"www{n}.allowed.example"
        c, s = visit(t, listener, ask, given, views(PASSED))
        answer(t, c, s, ask)
    listener.close()


class Filter:
    """A box that reads names; what it does with a bad one is `act`."""

    def __init__(self, t: Trial, act: Callable[[Packet], Verdict]) -> None:
        self.t, self.act = t, act
        self.hit: set[int] = set()
        # After a hit nothing passes any more, to one or both sides.
        self.closed_up = self.closed_down = False
        look = t.rng
        self.look: dict[str, Any] = {
            "ttl": look.choice((64, 128, 255)) - look.randint(2, 9),
            "ident": look.choice((0, look.getrandbits(16))),
            "df": look.random() < 0.5,
            "window": look.choice((0, 0, look.randint(200, 9000))),
        }
        t.path(self.see)

    def see(self, p: Packet, up: bool) -> Verdict:
        port = p.sport if up else p.dport
        if port in self.hit:
            return Drop() if (self.closed_up if up else self.closed_down) else None
        if up and any(bad.encode() in p.payload for bad in BAD):
            self.hit.add(port)
            return self.act(p)
        return None

    def to_client(self, p: Packet, **changes: Any) -> Packet:
        return p.reply(**(self.look | changes))

    def to_server(self, p: Packet, **changes: Any) -> Packet:
        made = dataclasses.replace(p, seq=p.end, payload=b"", options=b"", **self.look)
        return dataclasses.replace(made, **changes)


NAMED_C = label(
    "reset", "third_party", "filtered_by_name", OPEN + r" <RA?" + AFTER, "reset_injected"
)
NAMED_S = label(
    "reset", "third_party", "filtered_by_name", OPEN + r" >RA?" + AFTER, "reset_injected"
)


def resets(t: Trial, ask: Ask, *, swallow: bool) -> None:
    def act(p: Packet) -> Verdict:
        flags = t.rng.choice((RST, RST | ACK))
        t.inject(box.to_client(p, flags=flags, ack=p.end if flags & ACK else 0))
        if swallow:
            # The server does not get the question, but a reset in its place.
            t.inject(box.to_server(p, seq=p.seq, flags=RST, ack=0))
            return Drop()
        t.inject_later(box.to_server(p, flags=RST, ack=0))
        return None

    box = Filter(t, act)
    box.closed_up = box.closed_down = swallow

    def blocked(listener: socket.socket) -> None:
        given = views(NAMED_C, server=NAMED_S)
        c, s = visit(t, listener, ask, t.rng.choice(BAD), given)
        with contextlib.suppress(OSError):
            if s.recv(4096):
                s.sendall(t.data(900))
        t.settle()
        c.close()
        s.close()
        t.settle()

    among(t, ask, blocked)


@FAMILY.scenario(NAMED_C, server=NAMED_S, delay=FAR)
def name_reset(t: Trial) -> None:
    """A box beside the path resets both ends after a ClientHello with one of its names."""
    resets(t, hello, swallow=False)


@FAMILY.scenario(NAMED_C, server=NAMED_S, delay=FAR)
def name_reset_inline(t: Trial) -> None:
    """A box on the path does so and keeps the question to itself."""
    resets(t, hello, swallow=True)


@FAMILY.scenario(NAMED_C, server=NAMED_S, delay=FAR)
def host_reset(t: Trial) -> None:
    """The same by the Host header of plain HTTP."""
    resets(t, request, swallow=False)


NAMED_SILENT = label(
    "peer_unresponsive",
    "none",
    "filtered_by_name",
    OPEN + r"(?: >D){3,}",
    "retransmission_timeout",
)


@FAMILY.scenario(NAMED_SILENT, server=STILL, delay=FAR, slow=True)
def name_dropped(t: Trial) -> None:
    """The box drops the ClientHello and all that follows it: silence, for these names only."""
    box = Filter(t, lambda p: Drop())
    box.closed_up = True

    def blocked(listener: socket.socket) -> None:
        c, s = visit(t, listener, hello, BAD[0], views(NAMED_SILENT, server=STILL))
        t.hold(c, s)
        time.sleep(2.5)

    among(t, hello, blocked)


@FAMILY.scenario(
    label("graceful", "third_party", "filtered_by_name", OPEN + r" <F(?: >A)? >F <A"),
    server=label(
        "reset", "third_party", "filtered_by_name", OPEN + r" >RA?" + AFTER, "reset_injected"
    ),
    delay=FAR,
)
def name_fin(t: Trial) -> None:
    """The box closes in the server's name, and plays the server until the client has closed too."""
    given = t.scenario.views

    def act(p: Packet) -> Verdict:
        look = {"window": 8192}
        t.inject(box.to_client(p, flags=FIN | ACK, **look))
        t.inject(box.to_server(p, seq=p.seq, flags=RST, ack=0))
        return Drop()

    class Player(Filter):
        def see(self, p: Packet, up: bool) -> Verdict:
            if up and p.sport in self.hit:
                if p.flags & FIN:
                    t.inject(self.to_client(p, flags=ACK, window=8192))
                return Drop()
            return super().see(p, up)

    box = Player(t, act)
    box.closed_down = True

    def blocked(listener: socket.socket) -> None:
        c, s = visit(t, listener, hello, t.rng.choice(BAD), given)
        with contextlib.suppress(OSError):
            drain(c)
        c.close()
        t.settle()
        s.close()

    among(t, hello, blocked)


@FAMILY.scenario(
    label(
        "reset",
        "server",
        "filtered_by_name",
        OPEN + r" <RA" + AFTER,
        "application_abort",
        "abort_unread_data",
    ),
    kernel="TCP_STATE",
    delay=FAR,
)
def name_refused_by_host(t: Trial) -> None:
    """The server itself aborts when it reads a name that it does not serve: no third party."""

    def blocked(listener: socket.socket) -> None:
        c, s = visit(t, listener, hello, BAD[1], t.scenario.views)
        s.recv(4096)
        linger0(s)
        s.close()
        t.settle()
        c.close()

    among(t, hello, blocked)


@FAMILY.scenario(
    label(
        "graceful",
        "server",
        "tls_failure",
        OPEN + r" <F~ >F(?: [<>][AF])*",
        "filtered_by_name",
        "server_close",
    ),
    delay=FAR,
)
def name_alert_by_host(t: Trial) -> None:
    """The server answers such a name by a fatal alert (unrecognized_name) and closes in order."""

    def blocked(listener: socket.socket) -> None:
        c, s = visit(t, listener, hello, BAD[0], t.scenario.views)
        s.recv(4096)
        s.sendall(bytes.fromhex("15030300020270"))
        s.close()
        drain(c)
        c.close()
        t.settle()

    among(t, hello, blocked)


PAGE = (
    b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 20\r\n\r\nThis page is blocked"
)


@FAMILY.scenario(
    label("reset_after_fin", "third_party", "content_injected", OPEN + r" <F <RA?" + AFTER),
    server=label(
        "reset", "third_party", "reset_injected", OPEN + r" >RA?" + AFTER, "filtered_by_name"
    ),
    delay=FAR,
)
def block_page(t: Trial) -> None:
    """The box answers with a page, a FIN and a reset; what the server says comes too late."""
    given = t.scenario.views

    def act(p: Packet) -> Verdict:
        page = box.to_client(p, flags=FIN | PSH | ACK, payload=PAGE, window=8192)
        flags = t.rng.choice((RST, RST | ACK))
        end = box.to_client(p, flags=flags, seq=page.end, ack=p.end if flags & ACK else 0)
        t.inject(page, end)
        t.inject_later(box.to_server(p, flags=RST, ack=0))
        return None

    box = Filter(t, act)
    host_visits(t, given)


def host_visits(t: Trial, given: dict[str, Label | None], reply: bytes = b"") -> None:
    def blocked(listener: socket.socket) -> None:
        c, s = visit(t, listener, request, t.rng.choice(BAD), given)
        with contextlib.suppress(OSError):
            if s.recv(4096):
                s.sendall(reply or t.data(1200))
        t.settle()
        with contextlib.suppress(OSError):
            c.settimeout(1)
            drain(c)
        c.close()
        t.settle()
        s.close()
        t.settle()

    among(t, request, blocked)


@FAMILY.scenario(
    label(
        "graceful",
        "third_party",
        "content_injected",
        OPEN + r" <F" + AFTER,
    ),
    server=label(
        "reset",
        "client",
        "undetermined",
        OPEN + AFTER,
        "no_socket",
        "data_after_close",
        "content_injected",
        "filtered_by_name",
        "abort_unread_data",
        visible=False,
    ),
    delay=FAR,
)
def block_page_without_reset(t: Trial) -> None:
    """A page and a FIN, which the client takes and answers; the server's true answer is refused."""
    given = t.scenario.views

    def act(p: Packet) -> Verdict:
        t.inject(box.to_client(p, flags=FIN | PSH | ACK, payload=PAGE, window=8192))
        return None

    box = Filter(t, act)

    def blocked(listener: socket.socket) -> None:
        c, s = visit(t, listener, request, t.rng.choice(BAD), given)
        with contextlib.suppress(OSError):
            drain(c)
        # The client has read its page and is done, before the true answer comes.
        c.close()
        time.sleep(2 * t.delay + 0.02)
        with contextlib.suppress(OSError):
            s.recv(4096)
            s.sendall(t.data(1500))
        t.settle()
        s.close()
        t.settle()

    among(t, request, blocked)


@FAMILY.scenario(
    label(
        "graceful",
        "client",
        "content_injected",
        OPEN + r" >F~ <F(?: [<>][AF])*",
        "client_close",
    ),
    server=label(
        "graceful", "client", "client_close", OPEN + r" >F~ <F(?: [<>][AF])*", "content_injected"
    ),
    delay=FAR,
)
def quantum_insert(t: Trial) -> None:
    """A forged answer arrives first; the true one has other bytes at the same numbers.

    Nothing is reset: the client takes what came first, and the connection ends in order.
    """
    given = t.scenario.views
    forged = b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/" + b"x" * 40 + b"\r\n\r\n"

    def act(p: Packet) -> Verdict:
        t.inject(box.to_client(p, flags=PSH | ACK, payload=forged, window=8192))
        return None

    box = Filter(t, act)

    def blocked(listener: socket.socket) -> None:
        c, s = visit(t, listener, request, t.rng.choice(BAD), given)
        true = b"HTTP/1.1 200 OK\r\n\r\n" + t.data(1800)
        s.recv(4096)
        s.sendall(true)
        got = 0
        while got < len(true):
            got += len(c.recv(4096))
        t.settle()
        c.close()
        drain(s)
        s.close()
        t.settle()

    among(t, request, blocked)


STOLEN = label(
    "reset",
    "server",
    "forged_syn_ack",
    r">S <SA >A(?: <SA| >A| >D| <R| >R| <A)+",
)


@FAMILY.scenario(
    STOLEN,
    server=label(
        "handshake_aborted_by_server",
        "server",
        "stray_segment",
        r">S <SA(?: >A <R| >D <R| <SA| >R| >A| >D| <R)+",
        "undetermined",
        "forged_syn_ack",
        "no_socket",
    ),
    kernel="TCP_FLAGS TCP_INVALID_ACK_SEQUENCE NO_SOCKET NOT_SPECIFIED TCP_STATE",
    delay=FAR,
)
def stolen_handshake(t: Trial) -> None:
    """A box answers the SYN first, with the right ACK and a number of its own; the server resets."""
    look = {
        "ttl": t.rng.choice((64, 128, 255)) - t.rng.randint(2, 9),
        "window": t.rng.choice((8192, 65535, 29200)),
        "ident": t.rng.getrandbits(16),
        "options": t.rng.choice((b"", bytes.fromhex("020405b4"))),
    }

    def forge(p: Packet, up: bool) -> Verdict:
        if p.bare_syn:
            t.inject(p.reply(seq=t.rng.getrandbits(32), ack=p.seq + 1, flags=SYN | ACK, **look))
        return None

    t.path(forge)
    t.hold(t.listen())
    c = t.caller()
    t.record(c)
    with contextlib.suppress(OSError):
        c.connect((t.server, t.port))
        if t.repetition % 4 < 2:
            c.sendall(request("www.example", t.rng))
    t.settle()
    time.sleep(0.2)
    c.close()
    t.settle()
