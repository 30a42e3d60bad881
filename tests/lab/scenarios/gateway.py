"""A firewall one hop away: it refuses or resets in the server's name, with a TTL of 64 against 63."""

from __future__ import annotations

import pathlib
import time

from conntrack import forget
from labels import label
from scenarios.orderly import OPEN
from scenarios.refused import REFUSED, dead, hook, ordinary
from trial import Family, Trial, linger0, vanish

FAMILY = Family("gateway", hops=0)
LAN = (0.0, 0.001)
STILL = label("open", "none", "still_open", OPEN, visible=False)
REJECTED = label("handshake_refused", "third_party", "rejected_by_firewall", REFUSED)
FORGOTTEN = label("reset", "third_party", "nat_state_lost", OPEN + r" >D <R", "idle_timeout_reset")


@FAMILY.scenario(REJECTED, server=None, delay=LAN)
def gateway_refuses(t: Trial) -> None:
    """The gateway refuses one port of a host whose other ports it lets through."""
    ordinary(t)
    ordinary(t)
    t.bed.nft("router", hook(t, "forward", f"tcp dport {t.port} reject with tcp reset"))
    dead(t)


@FAMILY.scenario(REJECTED, server=None, delay=(0.01, 0.04))
def gateway_refuses_far(t: Trial) -> None:
    """The same before a host that is 20 to 80 ms away: the refusal comes at once."""
    ordinary(t)
    ordinary(t)
    t.bed.nft("router", hook(t, "forward", f"tcp dport {t.port} reject with tcp reset"))
    dead(t)


@FAMILY.scenario(label("handshake_refused", "server", "port_closed", REFUSED), delay=LAN)
def gateway_passes_refusal(t: Trial) -> None:
    """The host itself refuses, one hop farther: nobody in between may be accused."""
    ordinary(t)
    dead(t)


def forgets(t: Trial, low: float, high: float) -> None:
    """The gateway follows only what it saw begin, and resets what it does not know."""
    with t.bed.inside("router"):
        pathlib.Path("/proc/sys/net/netfilter/nf_conntrack_tcp_loose").write_text("0")
    rule = f"tcp dport {t.port} ct state invalid reject with tcp reset"
    t.bed.nft("router", hook(t, "forward", rule))
    c, s = t.pair()
    t.talk(c, s)
    t.settle()
    time.sleep(t.rng.uniform(low, high))
    forget(t.bed, c.getsockname()[:2], (t.server, t.port))
    c.sendall(t.data(t.rng.randint(40, 900)))
    t.settle()
    t.hold(s)
    c.close()


@FAMILY.scenario(FORGOTTEN, server=STILL, delay=LAN)
def gateway_forgot(t: Trial) -> None:
    """The gateway's table is flushed: the next request is reset, by the gateway."""
    forgets(t, 0.1, 1.0)


@FAMILY.scenario(
    label("reset", "third_party", "idle_timeout_reset", OPEN + r" >D <R", "nat_state_lost"),
    server=STILL,
    delay=LAN,
    slow=True,
)
def gateway_forgot_idle(t: Trial) -> None:
    """The same after 4 to 8 s of silence."""
    forgets(t, 4, 8)


@FAMILY.scenario(FORGOTTEN, server=STILL, delay=(0.01, 0.04))
def gateway_forgot_far(t: Trial) -> None:
    """The same with a server that is 20 to 80 ms away."""
    forgets(t, 0.1, 1.0)


@FAMILY.scenario(label("reset", "server", "no_socket", OPEN + r" >D <R"), delay=LAN)
def gateway_passes_reset(t: Trial) -> None:
    """The server itself has lost the connection: its own reset, one hop farther."""
    ordinary(t)
    c, s = t.pair()
    t.talk(c, s)
    t.settle()
    vanish(s)
    t.pause(0.1, 1.0)
    c.sendall(t.data(200))
    t.settle()
    c.close()


@FAMILY.scenario(
    label("reset", "server", "application_abort", OPEN + r" <RA(?: <R| >[ADF])*"), delay=LAN
)
def gateway_passes_abort(t: Trial) -> None:
    """The server's program aborts an idle connection."""
    c, s = t.pair()
    t.talk(c, s)
    t.settle()
    t.pause(0.3, 2.0)
    linger0(s)
    s.close()
    t.settle()
    c.close()
