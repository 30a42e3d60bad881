"""Resets that neither host sent, made by a box on the path."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable
from typing import Any

from forwarder import Drop, Verdict
from labels import label
from net import HOPS
from packet import ACK, RST, SYN, Packet
from scenarios.abort import hello
from scenarios.orderly import CLIENT_FIRST, OPEN
from trial import Family, Trial, drain

FAMILY = Family("forged")
AFTER = r"(?: [<>]RA?| [<>][ADF])*"
TO_CLIENT = OPEN + r" <RA?" + AFTER
TO_SERVER = OPEN + r" >RA?" + AFTER
Forge = Callable[[Packet], list[Packet]]


def trigger(t: Trial, to_client: Forge | None, to_server: Forge | None) -> list[int]:
    """Forges when the flag is raised: at the next data packet of the client."""
    armed = [0]

    def watch(p: Packet, up: bool) -> Verdict:
        if up and p.payload and armed[0]:
            armed[0] = 0
            if to_client:
                t.inject(*to_client(p))
            if to_server:
                t.inject(*to_server(p))
        return None

    t.path(watch)
    return armed


def odd(t: Trial) -> dict[str, Any]:
    """A header that is not the host's: TTL, IP ID, window."""
    ttl = t.rng.choice((t.rng.randint(35, 60), t.rng.randint(70, 250)))
    return {"ttl": ttl, "ident": t.rng.getrandbits(16), "window": t.rng.randint(200, 9000)}


def request(t: Trial, forge_client: Forge | None, forge_server: Forge | None) -> None:
    """A request on a running connection sets the box off; the server answers regardless."""
    armed = trigger(t, forge_client, forge_server)
    c, s = t.pair()
    t.talk(c, s, 2)
    t.settle()
    armed[0] = 1
    with contextlib.suppress(OSError):
        c.sendall(b"GET /" + t.rng.randbytes(12).hex().encode() + b" HTTP/1.1\r\n\r\n")
        s.settimeout(1)
        s.recv(100)
        s.sendall(t.data(2500))
    t.settle()
    c.close()
    s.close()
    t.settle()


INJECTED_C = label("reset", "third_party", "reset_injected", TO_CLIENT)
INJECTED_S = label("reset", "third_party", "reset_injected", TO_SERVER)


@FAMILY.scenario(INJECTED_C, server=INJECTED_S, delay=(0.015, 0.03))
def both_sides(t: Trial) -> None:
    """An exact RST to each side, with the TTL and IP ID of another machine."""
    request(
        t,
        lambda p: [p.reply(flags=RST | ACK, **odd(t))],
        lambda p: [
            dataclasses.replace(p, seq=p.end, payload=b"", options=b"", flags=RST, ack=0, **odd(t))
        ],
    )


@FAMILY.scenario(
    INJECTED_C,
    server=label(
        "reset",
        "client",
        "no_socket",
        OPEN + r" >R" + AFTER,
        "reset_injected",
        "stray_segment",
        "data_after_close",
        visible=False,
    ),
    delay=(0.015, 0.03),
)
def client_only(t: Trial) -> None:
    """Only the client is reset; its kernel then answers what the server still sends."""
    request(t, lambda p: [p.reply(flags=RST | ACK, **odd(t))], None)


@FAMILY.scenario(
    label(
        "reset",
        "server",
        "no_socket",
        OPEN + r" <R" + AFTER,
        "reset_injected",
        "stray_segment",
        visible=False,
    ),
    server=INJECTED_S,
    delay=(0.015, 0.03),
)
def server_only(t: Trial) -> None:
    """Only the server is reset, before the request: that meets no socket any more."""

    def forge(p: Packet) -> list[Packet]:
        return [dataclasses.replace(p, payload=b"", options=b"", flags=RST, ack=0, **odd(t))]

    request(t, None, forge)


def firewall(t: Trial, p: Packet) -> list[Packet]:
    """Three guesses of where the stream will be: +0, +1460, +4380."""
    ttl, window, ident = t.rng.randint(90, 120), t.rng.randint(500, 3000), t.rng.randint(1, 50000)
    steps = (0, 1460, 4380)
    return [
        p.reply(seq=p.ack + n, flags=RST | ACK, ttl=ttl, window=window + n, ident=ident + n)
        for n in steps
    ]


@FAMILY.scenario(INJECTED_C, server=INJECTED_S, delay=(0.015, 0.03))
def triple(t: Trial) -> None:
    """The Great Firewall's form: three RSTs to the client, one to the server."""
    request(
        t,
        lambda p: firewall(t, p),
        lambda p: [
            dataclasses.replace(p, seq=p.end, payload=b"", options=b"", flags=RST, ack=0, **odd(t))
        ],
    )


@FAMILY.scenario(INJECTED_C, server=INJECTED_S, delay=(0.015, 0.03))
def after_hello(t: Trial) -> None:
    """The first packet after the handshake, a TLS ClientHello, sets the box off."""
    armed = trigger(
        t,
        lambda p: firewall(t, p),
        lambda p: [
            dataclasses.replace(p, seq=p.end, payload=b"", options=b"", flags=RST | ACK, **odd(t))
        ],
    )
    c, s = t.pair()
    armed[0] = 1
    with contextlib.suppress(OSError):
        s.settimeout(1)
        hello(t, c, s)
        s.sendall(t.data(2500))
    t.settle()
    c.close()
    s.close()
    t.settle()


@FAMILY.scenario(
    label(
        "reset",
        "third_party",
        "reset_injected",
        TO_CLIENT,
        "no_socket",
        "application_abort",
        "undetermined",
        visible=False,
    ),
    server=None,
    delay=(0.015, 0.03),
)
def mimic(t: Trial) -> None:
    """A box that copies a kernel's reply to the letter and swallows the rest: not to be told."""
    hit = [0]

    def swallow(p: Packet, up: bool) -> Verdict:
        if hit[0]:
            return Drop()
        if up and p.payload and armed[0]:
            hit[0] = 1
            t.inject(Packet(p.dst, p.src, p.dport, p.sport, p.ack, 0, RST, ttl=63 - HOPS))
            return Drop()
        return None

    armed = [0]
    given = dict(t.scenario.views)
    given["server"] = label("open", "none", "still_open", OPEN, visible=False)
    t.path(swallow)
    c, s = t.pair(0, given)
    t.talk(c, s, 2)
    t.settle()
    armed[0] = 1
    c.sendall(t.data(120))
    t.hold(s)
    t.settle()
    c.close()


LIVES = label("graceful", "client", "client_close", CLIENT_FIRST, "rst_challenged")
CHALLENGED = label(
    "graceful",
    "client",
    "client_close",
    OPEN + r" >R <A(?: >R)*~ >F(?: [<>][AF])+",
    "rst_challenged",
)


@FAMILY.scenario(LIVES, server=CHALLENGED)
def challenged(t: Trial) -> None:
    """RSTs to the server, in the window but not exact: one challenge ACK, and life goes on."""
    survive(t, lambda: t.rng.randint(1, 20000))


@FAMILY.scenario(
    LIVES,
    server=label(
        "graceful",
        "client",
        "client_close",
        OPEN + r"(?: >R)+~ >F(?: [<>][AF])+",
        "stray_segment",
        "rst_challenged",
    ),
)
def out_of_window(t: Trial) -> None:
    """RSTs to the server far outside the window: ignored without a word."""
    survive(t, lambda: t.rng.randint(1 << 25, 1 << 30))


def survive(t: Trial, offset: Callable[[], int]) -> None:
    last: list[Packet] = []

    def note(p: Packet, up: bool) -> Verdict:
        if up:
            last.append(p)
        return None

    t.path(note)
    c, s = t.pair()
    t.talk(c, s, 2)
    t.settle()
    for _ in range(t.rng.randint(1, 3)):
        bad = last[-1].end + offset()
        t.inject(
            Packet(
                last[-1].src, last[-1].dst, last[-1].sport, last[-1].dport, bad, 0, RST, **odd(t)
            )
        )
    t.settle()
    t.talk(c, s, 2)
    t.settle()
    c.close()
    drain(s)
    s.close()


@FAMILY.scenario(
    label("handshake_refused", "third_party", "reset_injected", r">S(?: <RA)+(?: <SA >R)*"),
    server=label(
        "handshake_abandoned",
        "client",
        "undetermined",
        r">S <SA >R",
        "syn_scan",
        "client_handshake_timeout",
        "connect_race_lost",
        visible=False,
    ),
    delay=(0.02, 0.03),
)
def syn_triple(t: Trial) -> None:
    """Three RSTs answer the SYN, TTL and window counting up; the real SYN-ACK comes after them."""

    def forge(p: Packet, up: bool) -> Verdict:
        if p.bare_syn:
            ttl, window = t.rng.randint(65, 200), t.rng.randint(1000, 5000)
            t.inject(
                *(
                    p.reply(
                        seq=0,
                        ack=p.seq + 1,
                        flags=RST | ACK,
                        ttl=ttl + n,
                        window=window + n,
                        ident=t.rng.getrandbits(16),
                    )
                    for n in range(3)
                )
            )
        return None

    t.path(forge)
    t.hold(t.listen())
    c = t.caller()
    t.record(c)
    with contextlib.suppress(ConnectionRefusedError):
        c.connect((t.server, t.port))
        raise RuntimeError("the connection should have been refused")
    c.close()
    t.settle()


@FAMILY.scenario(
    label(
        "reset",
        "server",
        "forged_syn_ack",
        r">S <SA >A(?: <SA| >A| >D| <R| >R)+",
        "stray_segment",
        "undetermined",
        "reset_injected",
    ),
    server=label(
        "handshake_aborted_by_server",
        "server",
        "stray_segment",
        r">S <SA(?: >A <R| >D <R| <SA| >R)+",
        "undetermined",
        "forged_syn_ack",
    ),
    delay=(0.02, 0.03),
)
def foreign_isn(t: Trial) -> None:
    """A forged SYN-ACK with the right ACK: the client believes it, the server resets the rest."""

    def forge(p: Packet, up: bool) -> Verdict:
        if p.bare_syn:
            t.inject(
                p.reply(
                    seq=t.rng.getrandbits(32),
                    ack=p.seq + 1,
                    flags=SYN | ACK,
                    window=8192,
                    ttl=t.rng.randint(40, 60),
                    ident=4242,
                )
            )
        return None

    t.path(forge)
    t.hold(t.listen())
    c = t.caller()
    t.record(c)
    with contextlib.suppress(OSError):
        c.connect((t.server, t.port))
        c.sendall(b"x" * 40)
    t.settle()
    time.sleep(0.2)
    c.close()
