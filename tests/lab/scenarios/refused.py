"""SYNs that are refused, by whom, and SYNs that nobody answers."""

from __future__ import annotations

import contextlib
import time

from forwarder import Drop
from labels import Label, label, views
from packet import SYN, Packet
from scenarios.orderly import CLIENT_FIRST
from trial import Family, Trial, drain

FAMILY = Family("refused")
REFUSED = r">S <RA"
UNANSWERED = r">S(?: >S)+"


def dead(t: Trial, wait: float = 5.0, port: int | None = None, given: Label | None = None) -> None:
    """A connection attempt that is meant to fail."""
    c = t.caller()
    t.record(c, views(given) if given else None, port=port)
    c.settimeout(wait)
    with contextlib.suppress(OSError):
        c.connect((t.server, port or t.port))
        raise RuntimeError("the connection should have failed")
    c.close()


@FAMILY.scenario(
    label("handshake_refused", "server", "port_closed", REFUSED, "rejected_by_firewall")
)
def closed_port(t: Trial) -> None:
    """Nobody listens."""
    dead(t)


@FAMILY.scenario(
    label("handshake_refused", "server", "port_closed", REFUSED, "rejected_by_firewall"),
    kernel=False,
)
def host_reject_reset(t: Trial) -> None:
    """The server's own firewall answers with a reset: not to be told from a closed port."""
    rule = f"tcp dport {t.port} reject with tcp reset"
    t.bed.nft("server", hook(t, "input", rule))
    dead(t)


@FAMILY.scenario(
    label("handshake_refused", "third_party", "rejected_by_firewall", REFUSED),
    server=None,
    delay=(0.008, 0.02),
)
def router_reject_reset(t: Trial) -> None:
    """A firewall on the way answers with a reset: nearer (TTL, time) than the host it speaks for.

    The same host is heard itself on an ordinary connection before.
    """
    ordinary(t)
    t.bed.nft("router", hook(t, "forward", f"tcp dport {t.port} reject with tcp reset"))
    dead(t)


def ordinary(t: Trial) -> None:
    port, t.port = t.port, t.new_port()
    c, s = t.pair(0, views(label("graceful", "client", "client_close", CLIENT_FIRST)), "ordinary")
    t.talk(c, s, 2)
    c.close()
    drain(s)
    s.close()
    t.settle()
    t.port = port


@FAMILY.scenario(label("handshake_unanswered", "server", "icmp_unreachable", r">S <I"))
def host_reject_icmp(t: Trial) -> None:
    """The server's firewall answers with ICMP port unreachable."""
    t.bed.nft("server", hook(t, "input", f"tcp dport {t.port} reject"))
    dead(t)


@FAMILY.scenario(
    label("handshake_unanswered", "third_party", "icmp_unreachable", r">S(?: >S)* <I(?: >S <I)*"),
    server=None,
)
def router_reject_icmp(t: Trial) -> None:
    """A firewall on the way answers with ICMP administratively prohibited."""
    rule = f"tcp dport {t.port} reject with icmpx type admin-prohibited"
    t.bed.nft("router", hook(t, "forward", rule))
    dead(t, 2.5)


@FAMILY.scenario(
    label("handshake_unanswered", "third_party", "icmp_unreachable", r">S(?: >S)* <I(?: <I| >S)*"),
    server=None,
    slow=True,
)
def host_down(t: Trial) -> None:
    """Nobody has the server's address: the last router says host unreachable after 3 s."""
    t.server = t.server.rpartition(":" if t.v6 else ".")[0] + (":fa" if t.v6 else ".250")
    dead(t, 8)


@FAMILY.scenario(label("handshake_unanswered", "none", "syn_unanswered", UNANSWERED), slow=True)
def host_drop(t: Trial) -> None:
    """The server's firewall drops the SYNs."""
    t.bed.nft("server", hook(t, "input", f"tcp dport {t.port} drop"))
    dead(t, t.rng.uniform(3.3, 4.8))


@FAMILY.scenario(
    label("handshake_unanswered", "none", "syn_unanswered", UNANSWERED), slow=True, server=None
)
def router_drop(t: Trial) -> None:
    """A firewall on the way drops the SYNs."""
    t.path(lambda p, up: Drop())
    dead(t, t.rng.uniform(3.3, 4.8))


@FAMILY.scenario(
    label("handshake_unanswered", "none", "syn_unanswered", UNANSWERED),
    slow=True,
    server=label(
        "handshake_incomplete",
        "none",
        "syn_ack_unanswered",
        r">S(?: <SA| >S)+",
        "syn_ack_ignored",
    ),
)
def syn_ack_lost(t: Trial) -> None:
    """The SYN-ACKs are lost on the way back."""
    t.path(lambda p, up: None if up else Drop())
    t.hold(t.listen())
    dead(t, t.rng.uniform(3.3, 4.8))


@FAMILY.scenario(
    label(
        "peer_unresponsive",
        "none",
        "handshake_ack_lost",
        r">S <SA >A(?: >D| <SA| >A)+",
        "accept_queue_overflow",
        "retransmission_timeout",
    ),
    slow=True,
    server=label(
        "handshake_incomplete",
        "none",
        "syn_ack_unanswered",
        r">S(?: <SA)+",
    ),
)
def last_ack_and_data_lost(t: Trial) -> None:
    """Everything of the client after its SYN is lost: it believes in a connection."""
    t.path(lambda p, up: Drop() if up and not p.flags & SYN else None)
    t.hold(t.listen())
    c = t.dial()
    t.record(c)
    c.sendall(t.data(200))
    t.hold(c)
    time.sleep(4)


@FAMILY.scenario(label("handshake_refused", "server", "intermittent_refusal", REFUSED))
def flapping_listener(t: Trial) -> None:
    """A service that is up and down: some attempts are served, others refused."""
    served = label("graceful", "client", "client_close", CLIENT_FIRST)
    order = [True, True, False, False, *(t.rng.random() < 0.5 for _ in range(3))]
    t.rng.shuffle(order)
    for up in order:
        if not up:
            dead(t)
            continue
        c = t.caller()
        listener = t.listen()
        c.connect((t.server, t.port))
        t.record(c, views(served))
        s, _ = listener.accept()
        listener.close()
        t.talk(c, s, 1)
        c.close()
        drain(s)
        s.close()
        t.settle()


@FAMILY.scenario(label("handshake_refused", "server", "port_closed", r">S <RA(?: >S <RA)+"))
def refused_retries(t: Trial) -> None:
    """A client that repeats its refused SYN (same ISN) after 500 ms, as Windows does."""
    port = t.rng.randint(20000, 30000)
    isn = t.rng.getrandbits(32)
    t.record(port)
    for _ in range(3):
        options = bytes.fromhex("020405b40103030801010402")
        syn = Packet(
            t.client, t.server, port, t.port, isn, 0, SYN, b"", 64240, 128, 7, True, options
        )
        t.shared.raw["client"].send(syn)
        time.sleep(0.5)


@FAMILY.scenario(
    label(
        "handshake_incomplete",
        "none",
        "syn_ack_unanswered",
        r">S <SA(?: <SA)+(?: >I)?",
        "syn_scan",
    ),
    slow=True,
)
def half_open_left(t: Trial) -> None:
    """A SYN whose sender never answers the SYN-ACK (a spoofed source, a silent scanner)."""
    port = t.rng.randint(20000, 30000)
    t.bed.nft(
        "client", hook(t, "output", f"tcp sport {port} tcp dport {t.port} tcp flags rst drop")
    )
    t.hold(t.listen())
    t.record(port)
    options = bytes.fromhex("020405b4")
    syn = Packet(
        t.client,
        t.server,
        port,
        t.port,
        t.rng.getrandbits(32),
        0,
        SYN,
        b"",
        1024,
        64,
        9,
        True,
        options,
    )
    t.shared.raw["client"].send(syn)
    time.sleep(4)


def hook(t: Trial, where: str, rule: str) -> str:
    """A chain of its own for one rule, before the path's queue."""
    chain = f"p{t.port}"
    return f"""table inet lab {{
  chain {chain} {{
    type filter hook {where} priority -5; policy accept;
    {rule}
  }}
}}
"""
