"""Source translation at the client's gateway, and what happens when it forgets.

The box is the gateway: it sends in the name of its own address, one for each scenario, and is
captured on all its interfaces, so that both sides of the translation are in one capture.
"""

from __future__ import annotations

import contextlib
import socket

from conntrack import forget
from labels import Label, label
from net import outside_ip
from scenarios.orderly import CLIENT, OPEN, SERVER
from trial import Family, Trial, drain, linger0

FAMILY = Family("nat", box="near")
OPEN_STILL = label("open", "none", "still_open", OPEN, visible=False)


def outside(t: Trial) -> str:
    return outside_ip(t.scenario.host, t.v6)


def translate(t: Trial) -> None:
    """This trial's port is translated from now on."""
    family = "ip6" if t.v6 else "ip"
    mask = "/128" if t.v6 else "/32"
    with contextlib.suppress(RuntimeError):
        t.bed.ip("box", "addr", "add", outside(t) + mask, "dev", "lo", *(["nodad"] if t.v6 else []))
    rule = f"{family} saddr {t.client} tcp dport {t.port} snat {family} to {outside(t)}"
    t.bed.nft(
        "box",
        f"""table inet n{t.port} {{
  chain post {{ type nat hook postrouting priority 100; policy accept; {rule}; }}
}}
""",
    )


def inside(label: Label) -> dict[str, Label | None]:
    """The leg that the client knows: at the client and in the box."""
    return {"client": label, "router": None, "server": None, "box": label}


def beyond(label: Label, **other: Label | None) -> dict[str, Label | None]:
    """The leg that the server knows."""
    return {"client": None, "router": label, "server": label, "box": label} | other


def pair(
    t: Trial, near: dict[str, Label | None], far: dict[str, Label | None]
) -> tuple[socket.socket, socket.socket]:
    listener = t.listen()
    c = t.dial()
    t.record(c, near)
    t.record(c, far, source=outside(t))
    s, (seen, *_) = listener.accept()
    if seen != outside(t):
        raise RuntimeError(f"not translated: {seen}")
    s.settimeout(15)
    listener.close()
    return c, s


@FAMILY.scenario(CLIENT)
def nat_client_close(t: Trial) -> None:
    """A translated connection ends in order: both legs are in the box's capture."""
    translate(t)
    c, s = pair(t, inside(CLIENT), beyond(CLIENT))
    t.talk(c, s)
    c.close()
    drain(s)
    s.close()


@FAMILY.scenario(SERVER)
def nat_server_close(t: Trial) -> None:
    """The same, closed by the server."""
    translate(t)
    c, s = pair(t, inside(SERVER), beyond(SERVER))
    t.talk(c, s)
    s.close()
    drain(c)
    c.close()


@FAMILY.scenario(CLIENT)
def nat_flushed_reborn(t: Trial) -> None:
    """The table is flushed in mid-stream; the next segment makes the same entry again."""
    translate(t)
    c, s = pair(t, inside(CLIENT), beyond(CLIENT))
    t.talk(c, s)
    t.settle()
    forget(t.bed, c.getsockname()[:2], (t.server, t.port))
    t.pause(0.1, 1.0)
    t.talk(c, s, 1)
    c.close()
    drain(s)
    s.close()


LOST = label("reset", "third_party", "nat_state_lost", OPEN + r" <D >R", "idle_timeout_reset")


def pushed(t: Trial, wait: tuple[float, float]) -> None:
    translate(t)
    c, s = pair(t, inside(OPEN_STILL), beyond(LOST))
    t.talk(c, s)
    t.settle()
    t.pause(*wait)
    forget(t.bed, c.getsockname()[:2], (t.server, t.port))
    s.sendall(t.data(t.rng.randint(50, 900)))
    t.settle()
    t.hold(c)
    s.close()


@FAMILY.scenario(LOST, slow=True)
def nat_flushed_idle(t: Trial) -> None:
    """The box forgets an idle connection; the server's push meets the box, which resets it."""
    pushed(t, (2.0, 4.0))


@FAMILY.scenario(LOST)
def nat_flushed_midstream(t: Trial) -> None:
    """The same in mid-stream, without a silence before it."""
    pushed(t, (0.02, 0.1))


@FAMILY.scenario(CLIENT)
def nat_two_sides_abort(t: Trial) -> None:
    """A translated connection that the client's program aborts: the reset is on both legs."""
    abort = label("reset", "client", "application_abort", OPEN + r" >RA", "abort_unread_data")
    translate(t)
    c, s = pair(t, inside(abort), beyond(abort))
    t.talk(c, s)
    t.settle()
    linger0(c)
    c.close()
    t.settle()
    s.close()
