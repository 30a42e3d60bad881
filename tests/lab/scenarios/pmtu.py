"""A path that does not carry full-sized packets, with the router's word about it or without.

The router's route to one end has a smaller MTU; its ICMP errors are dropped on the way out, or pass.
"""

from __future__ import annotations

import contextlib
import socket
import time

from forwarder import Drop
from labels import label
from scenarios.orderly import OPEN, SERVER
from trial import Family, Trial, drain

FAMILY = Family("pmtu", {"net/ipv4/tcp_mtu_probing": "0", "net/ipv4/tcp_retries2": "6"}, spare=150)
STILL = label("open", "none", "still_open", OPEN, visible=False)
UP = OPEN + r"(?: >D){4,}"
DOWN = OPEN + r"(?: <D){4,}"
HOLE_UP = label("peer_unresponsive", "none", "path_mtu_black_hole", UP)
HOLE_DOWN = label("peer_unresponsive", "none", "path_mtu_black_hole", DOWN)


def narrow(t: Trial, end: str, *, told: bool) -> None:
    """The way to that end takes no more than so many bytes; `told`: ICMP says so."""
    t.alone()
    mtu = t.rng.randint(1290, 1440)
    address, device = (t.server, "r1") if end == "server" else (t.client, "r0")
    mask, six = ("/128", ["-6"]) if t.v6 else ("/32", [])
    route = ["route", "add", address + mask, "dev", device, "mtu", "lock", str(mtu)]
    t.bed.ip("router", *six, *route)
    if not told:
        sender = t.client if end == "server" else t.server
        rule = f"ip daddr {sender} icmp type destination-unreachable icmp code 4 drop"
        if t.v6:
            rule = f"ip6 daddr {sender} icmpv6 type packet-too-big drop"
        t.bed.nft(
            "router",
            f"""table inet q{t.port} {{
  chain out {{ type filter hook output priority 0; policy accept; {rule}; }}
}}
""",
        )


@FAMILY.scenario(HOLE_UP, server=STILL, slow=True, delay=(0.001, 0.04))
def pmtu_hole_upload(t: Trial) -> None:
    """A small request passes, an upload of several segments does not; its short tail arrives."""
    narrow(t, "server", told=False)
    c, s = t.pair()
    t.say(c, s, t.rng.randint(50, 500))
    t.say(s, c, t.rng.randint(50, 500))
    c.sendall(t.data(1448 * t.rng.randint(2, 6) + t.rng.randint(50, 700)))
    t.hold(c, s)
    time.sleep(5)


@FAMILY.scenario(
    STILL,
    router=STILL,
    server=HOLE_DOWN,
    slow=True,
    delay=(0.001, 0.04),
)
def pmtu_hole_download(t: Trial) -> None:
    """The request arrives, the response (a certificate, say) does not, but its short tail."""
    narrow(t, "client", told=False)
    c, s = t.pair()
    t.say(c, s, t.rng.randint(50, 500))
    s.sendall(t.data(1448 * t.rng.randint(2, 4) + t.rng.randint(50, 700)))
    t.hold(c, s)
    time.sleep(5)


@FAMILY.scenario(HOLE_UP, server=STILL, slow=True, delay=(0.001, 0.04))
def pmtu_hole_small_later(t: Trial) -> None:
    """Small writes go on while the large one before them is stuck."""
    narrow(t, "server", told=False)
    c, s = t.pair()
    t.talk(c, s, 1)
    c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    c.sendall(t.data(1448 * 2))
    for _ in range(6):
        time.sleep(0.7)
        c.sendall(t.data(60))
    t.hold(c, s)
    time.sleep(1)


@FAMILY.scenario(HOLE_UP, server=STILL, slow=True)
def pmtu_hole_giveup(t: Trial) -> None:
    """The same upload; the client's TCP_USER_TIMEOUT ends it in silence after 2 to 4 s."""
    narrow(t, "server", told=False)
    c, s = t.pair()
    c.setsockopt(socket.IPPROTO_TCP, 18, t.rng.randint(2500, 4000))
    t.talk(c, s, 1)
    c.sendall(t.data(1448 * 3 + 300))
    t.hold(s)
    with contextlib.suppress(OSError):
        c.settimeout(8)
        c.recv(1)
    c.close()


@FAMILY.scenario(
    label(
        "peer_unresponsive",
        "none",
        "path_mtu_black_hole",
        OPEN + r"(?: >D)+(?: <I| >D| <A)*",
        "icmp_unreachable",
    ),
    server=STILL,
    slow=True,
)
def pmtu_icmp_ignored(t: Trial) -> None:
    """The router says what it cannot carry, but the client's own firewall drops that."""
    narrow(t, "server", told=True)
    rule = f"ip daddr {t.client} icmp type destination-unreachable drop"
    if t.v6:
        rule = f"ip6 daddr {t.client} icmpv6 type packet-too-big drop"
    t.bed.nft(
        "client",
        f"""table inet q{t.port} {{
  chain in {{ type filter hook input priority 0; policy accept; {rule}; }}
}}
""",
    )
    c, s = t.pair()
    t.talk(c, s, 1)
    c.sendall(t.data(1448 * 3 + t.rng.randint(50, 700)))
    t.hold(c, s)
    time.sleep(5)


@FAMILY.scenario(
    label("graceful", "client", "client_close", OPEN + r"(?: <I| [<>][AD])* >F~ <F~"),
    server=label("graceful", "client", "client_close", OPEN + r" >F~ <F(?: [<>][AFD])*"),
)
def pmtu_icmp_obeyed(t: Trial) -> None:
    """The router's word is heard: the upload goes on in smaller segments and all ends well."""
    narrow(t, "server", told=True)
    c, s = t.pair()
    t.talk(c, s, 1)
    t.say(c, s, 1448 * 4 + 100)
    t.say(s, c, 200)
    c.close()
    drain(s)
    s.close()


@FAMILY.scenario(
    SERVER,
    server=label("graceful", "server", "server_close", OPEN + r"(?: >I| [<>][AD])* <F~ >F~"),
)
def pmtu_icmp_obeyed_down(t: Trial) -> None:
    """The same for a download."""
    narrow(t, "client", told=True)
    c, s = t.pair()
    t.say(c, s, 200)
    t.say(s, c, 1448 * 4 + 100)
    s.close()
    drain(c)
    c.close()


@FAMILY.scenario(
    label("peer_unresponsive", "none", "retransmission_timeout", OPEN + r"(?: >D){3,}"),
    server=STILL,
    slow=True,
)
def pmtu_dead_path(t: Trial) -> None:
    """No matter of size: after a while nothing gets through, the short tail neither."""
    c, s = t.pair()
    t.talk(c, s, 2)
    t.settle()
    t.path(lambda p, up: Drop())
    c.sendall(t.data(1448 * t.rng.randint(2, 4) + 300))
    t.hold(c, s)
    time.sleep(4)
