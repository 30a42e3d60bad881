"""Destination translation at the client's gateway, which follows only what it saw begin.

What is INVALID to connection tracking passes untranslated, or meets the box itself.
"""

from __future__ import annotations

import contextlib
import pathlib
import socket
import threading
import time

from conntrack import forget
from forwarder import Verdict
from labels import Label, label
from net import service_ip
from packet import Packet
from scenarios.nat import OPEN_STILL, beyond, inside, pair, translate
from scenarios.orderly import CLIENT, OPEN, SERVER
from trial import Family, Trial, drain

FAMILY = Family("dnat", box="near")


def careful(t: Trial) -> None:
    with t.bed.inside("box"):
        pathlib.Path("/proc/sys/net/netfilter/nf_conntrack_tcp_loose").write_text("0")


def strict(t: Trial) -> None:
    """This trial's port is translated at its source."""
    translate(t)
    careful(t)


def service(t: Trial) -> str:
    return service_ip(t.scenario.host, t.v6)


def redirect(t: Trial, *, local: bool = False) -> None:
    """The service's address stands for the server; `local`: the box answers for it otherwise."""
    family = "ip6" if t.v6 else "ip"
    mask = "/128" if t.v6 else "/32"
    if local:
        with contextlib.suppress(RuntimeError):
            nodad = ["nodad"] if t.v6 else []
            t.bed.ip("box", "addr", "add", service(t) + mask, "dev", "lo", *nodad)
    rule = f"{family} daddr {service(t)} tcp dport {t.port} dnat {family} to {t.server}"
    t.bed.nft(
        "box",
        f"""table inet s{t.port} {{
  chain pre {{ type nat hook prerouting priority -100; policy accept; {rule}; }}
}}
""",
    )
    careful(t)


def call(
    t: Trial,
    near: dict[str, Label | None],
    far: dict[str, Label | None],
    *options: tuple[int, int, int],
) -> tuple[socket.socket, socket.socket]:
    """Connects to the service: the leg that the client knows, and the one the server knows."""
    listener = t.listen()
    c = t.caller(*options)
    t.record(c, near, target=service(t))
    t.record(c, far)
    c.connect((service(t), t.port))
    s, _ = listener.accept()
    s.settimeout(15)
    listener.close()
    return c, s


@FAMILY.scenario(CLIENT)
def dnat_client_close(t: Trial) -> None:
    """A connection to the service's address ends in order; so does its other leg."""
    redirect(t)
    c, s = call(t, inside(CLIENT), beyond(CLIENT))
    t.talk(c, s)
    c.close()
    drain(s)
    s.close()


@FAMILY.scenario(SERVER)
def dnat_server_close(t: Trial) -> None:
    """The same, closed by the server."""
    redirect(t)
    c, s = call(t, inside(SERVER), beyond(SERVER))
    t.talk(c, s)
    s.close()
    drain(c)
    c.close()


FORGOTTEN = label("reset", "third_party", "nat_state_lost", OPEN + r" >D <R", "idle_timeout_reset")


@FAMILY.scenario(FORGOTTEN)
def dnat_forgotten(t: Trial) -> None:
    """The box has forgotten: the next request stays with it, and its kernel resets that."""
    redirect(t, local=True)
    c, s = call(t, inside(FORGOTTEN), beyond(OPEN_STILL))
    t.talk(c, s)
    t.settle()
    t.pause(0.1, 1.0)
    forget(t.bed, c.getsockname()[:2], (service(t), t.port))
    c.sendall(t.data(t.rng.randint(50, 900)))
    t.settle()
    t.hold(s)
    c.close()


@FAMILY.scenario(FORGOTTEN, slow=True)
def dnat_forgotten_idle(t: Trial) -> None:
    """The same after seconds of silence."""
    redirect(t, local=True)
    c, s = call(t, inside(FORGOTTEN), beyond(OPEN_STILL))
    t.talk(c, s)
    time.sleep(t.rng.uniform(3, 6))
    forget(t.bed, c.getsockname()[:2], (service(t), t.port))
    c.sendall(t.data(t.rng.randint(50, 900)))
    t.settle()
    t.hold(s)
    c.close()


# What the server sees of it: a reset in its client's name, whose twin is elsewhere.
KILLED = label(
    "reset",
    "client",
    "no_socket",
    OPEN + r" (?:<D|<D >R|>R)(?: [<>]R| [<>][AD])*",
    "nat_bypassed",
    "nat_state_lost",
    "rst_answers_unseen_segment",
    "undetermined",
)
KILLED_BOX = label(
    "reset", "client", "nat_bypassed", OPEN + r" (?:<D|<D >R|>R)(?: [<>]R| [<>][AD])*"
)
TWIN = label("reset", "client", "nat_bypassed", r"(?:<D )+>R(?: >R| <D)*")


@FAMILY.scenario(TWIN)
def dnat_bypassed_by_push(t: Trial) -> None:
    """The box has forgotten; the server's push reaches the client in the server's own name.

    The client does not know it and resets it: that is the server's end.
    """
    redirect(t)
    far: dict[str, Label | None] = {
        "client": TWIN,
        "router": KILLED,
        "server": KILLED,
        "box": KILLED_BOX,
    }
    c, s = call(t, inside(OPEN_STILL), far)
    t.talk(c, s)
    t.settle()
    t.pause(0.1, 1.5)
    forget(t.bed, c.getsockname()[:2], (service(t), t.port))
    # A packet of nothing known is not translated, but it passes.
    s.sendall(t.data(t.rng.randint(50, 900)))
    t.settle()
    t.hold(c)
    s.close()


@FAMILY.scenario(
    label("reset", "server", "nat_bypassed", OPEN + r"(?: [<>][AD]| <R)+", "no_socket"),
    delay=(0.004, 0.02),
)
def dnat_invalid_late(t: Trial) -> None:
    """A late copy of an old segment passes the box untranslated, in the server's own name.

    The client resets what it does not know; its service's connection dies by that in mid-transfer.
    Until Linux 6.2 such a segment is INVALID to connection tracking; here a rule leaves it untracked.
    """
    # The client sees its own end and, beside it, the twin that explains it.
    near_client = label("reset", "server", "nat_bypassed", OPEN + r"(?: <R| [<>]R)+")
    far: dict[str, Label | None] = {
        "client": TWIN,
        "router": label(
            "reset",
            "client",
            "no_socket",
            OPEN + r" >R(?: [<>]R| [<>][AD])*",
            "nat_bypassed",
            "nat_state_lost",
            "rst_answers_unseen_segment",
            "undetermined",
        ),
        "server": label(
            "reset",
            "client",
            "no_socket",
            OPEN + r" >R(?: [<>]R| [<>][AD])*",
            "nat_bypassed",
            "nat_state_lost",
            "rst_answers_unseen_segment",
            "undetermined",
        ),
        "box": label("reset", "client", "nat_bypassed", OPEN + r" >R(?: [<>]R| [<>][AD])*"),
    }
    kept: list[Packet] = []

    def keep(p: Packet, up: bool) -> Verdict:
        if not up and p.payload and not kept:
            kept.append(p)
        return None

    redirect(t)
    t.path(keep)
    small = (socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    c, s = call(t, inside(near_client), far, small)
    t.say(c, s, 90)
    size = t.rng.randint(60_000, 120_000)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    sender = threading.Thread(target=_send, args=(s, t.data(size)))
    sender.start()
    got = 0
    while got < size * 2 // 3:
        got += len(c.recv(8192))
    t.bed.nft(
        "box",
        f"""table inet h{t.port} {{
  chain raw {{ type filter hook prerouting priority -300; tcp sport {t.port} tcp sequence {kept[0].seq} notrack; }}
}}
""",
    )
    t.inject(kept[0])
    t.settle()
    with contextlib.suppress(OSError):
        while c.recv(65536):
            pass
        c.sendall(b"next\n")
    t.settle()
    c.close()
    s.close()
    sender.join()
    t.settle()


def _send(target: socket.socket, data: bytes) -> None:
    with contextlib.suppress(OSError):
        target.sendall(data)


@FAMILY.scenario(
    label("handshake_unanswered", "none", "nat_bypassed", r">S(?: >S)*"),
)
def dnat_hairpin(t: Trial) -> None:
    """The answer does not come back through the translation: the client refuses a stranger's SYN-ACK."""
    redirect(t)
    family = "ip6" if t.v6 else "ip"
    # Asymmetric: what the server says to this port's clients is not tracked.
    t.bed.nft(
        "box",
        f"""table inet h{t.port} {{
  chain raw {{ type filter hook prerouting priority -300; {family} saddr {t.server} tcp sport {t.port} notrack; }}
}}
""",
    )
    unanswered = label("handshake_unanswered", "none", "nat_bypassed", r">S(?: >S)*")
    refused = label(
        "handshake_abandoned",
        "client",
        "undetermined",
        r">S <SA >R(?: >S <SA >R| <SA >R)*",
        "nat_bypassed",
        "client_handshake_timeout",
        "syn_scan",
        visible=False,
    )
    far: dict[str, Label | None] = {
        "client": label("stray", "none", "nat_bypassed", r"<SA >R(?: <SA >R)*"),
        "router": refused,
        "server": refused,
        "box": label(
            "handshake_abandoned", "client", "nat_bypassed", r">S <SA >R(?: >S <SA >R| <SA >R)*"
        ),
    }
    t.hold(t.listen())
    c = t.caller()
    t.record(c, inside(unanswered), target=service(t))
    t.record(c, far)
    c.settimeout(t.rng.uniform(0.6, 1.5))
    with contextlib.suppress(TimeoutError):
        c.connect((service(t), t.port))
        raise RuntimeError("the connection should have timed out")
    c.close()
    t.settle()


BYPASS_CLIENT = label(
    "reset", "server", "nat_state_lost", OPEN + r" >D <R", "nat_bypassed", "no_socket"
)
BYPASS_BOX = label("reset", "server", "nat_bypassed", OPEN + r" >D <R")
BYPASS_SERVER = label("reset", "server", "nat_bypassed", r">D <R")


@FAMILY.scenario(BYPASS_CLIENT, slow=True)
def nat_bypassed_by_data(t: Trial) -> None:
    """A box that follows only what it saw begin has forgotten: data passes it untranslated.

    The server does not know the client's real address, and resets that.
    """
    strict(t)
    near: dict[str, Label | None] = {
        "client": BYPASS_CLIENT,
        "router": BYPASS_SERVER,
        "server": BYPASS_SERVER,
        "box": BYPASS_BOX,
    }
    c, s = pair(t, near, beyond(OPEN_STILL))
    t.talk(c, s)
    t.settle()
    t.pause(0.1, 1.5)
    forget(t.bed, c.getsockname()[:2], (t.server, t.port))
    c.sendall(t.data(t.rng.randint(50, 900)))
    t.settle()
    t.hold(s)
    c.close()


@FAMILY.scenario(
    label(
        "peer_unresponsive",
        "none",
        "nat_state_lost",
        OPEN + r"(?: >D){3,}",
        "retransmission_timeout",
    ),
    slow=True,
)
def nat_flushed_silent(t: Trial) -> None:
    """The same box, but it drops what it does not know: retransmissions, while others pass."""
    strict(t)
    t.bed.nft(
        "box",
        f"""table inet d{t.port} {{
  chain f {{ type filter hook forward priority 0; tcp dport {t.port} ct state invalid drop; }}
}}
""",
    )
    gone = label(
        "peer_unresponsive",
        "none",
        "nat_state_lost",
        OPEN + r"(?: >D){3,}",
        "retransmission_timeout",
        "idle_timeout_reset",
    )
    c, s = pair(t, inside(gone), beyond(OPEN_STILL))
    t.talk(c, s)
    t.settle()
    t.pause(0.5, 2.0)
    forget(t.bed, c.getsockname()[:2], (t.server, t.port))
    c.sendall(t.data(300))
    time.sleep(1.0)
    # A new connection of the same client to the same service works at once.
    port = t.port
    for _ in range(2):
        t.port = t.new_port()
        strict(t)
        n, m = pair(t, inside(CLIENT), beyond(CLIENT))
        t.talk(n, m, 1)
        n.close()
        drain(m)
        m.close()
    t.port = port
    time.sleep(3)
    t.hold(c, s)
