"""Another TCP stack at the server's end: smoltcp, a small one written in Rust."""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import socket
import subprocess
import time

from forwarder import Drop
from labels import label
from net import stack_ip
from scenarios.orderly import CLIENT_FIRST, OPEN, SERVER_FIRST
from trial import Family, Trial, drain, linger0


def build() -> pathlib.Path | None:
    """Cargo needs its registry (or a filled cache) for this."""
    source = pathlib.Path(__file__).parents[1] / "smoltcp"
    if shutil.which("cargo") is None:
        return None
    # Its own place, whatever the environment says.
    argv = ["cargo", "build", "--quiet", "--release", "--locked", "--target-dir", "target"]
    if subprocess.run(argv, cwd=source, capture_output=True).returncode != 0:
        return None
    return source / "target" / "release" / "finrst-lab-smoltcp"


FAMILY = Family("smoltcp", stack=build)


def meet(t: Trial, mode: str) -> socket.socket:
    t.server = stack_ip(t.v6)
    t.shared.play(t.port, mode)
    c = t.dial()
    t.record(c)
    c.sendall(t.data(t.rng.randint(20, 800)))
    if mode != "unread":
        c.recv(1000)
    return c


@FAMILY.scenario(label("graceful", "client", "client_close", CLIENT_FIRST))
def smoltcp_client_close(t: Trial) -> None:
    """The Linux client closes, smoltcp follows."""
    c = meet(t, "echo")
    c.shutdown(socket.SHUT_WR)
    drain(c)
    c.close()
    t.settle()


@FAMILY.scenario(label("graceful", "server", "server_close", SERVER_FIRST))
def smoltcp_server_close(t: Trial) -> None:
    """Smoltcp closes first."""
    c = meet(t, "close")
    drain(c)
    c.close()
    t.settle()


@FAMILY.scenario(label("graceful", "server", "server_close", SERVER_FIRST))
def smoltcp_unread_close(t: Trial) -> None:
    """Smoltcp closes with the request unread: a FIN, unlike Linux."""
    c = meet(t, "unread")
    drain(c)
    c.close()
    t.settle()


@FAMILY.scenario(label("reset", "server", "application_abort", OPEN + r" <RA"))
def smoltcp_abort(t: Trial) -> None:
    """Smoltcp aborts an idle connection."""
    c = meet(t, "abort")
    t.settle()
    with contextlib.suppress(OSError):
        c.recv(1)
    c.close()


@FAMILY.scenario(
    label("handshake_refused", "server", "port_closed", r">S <RA", "rejected_by_firewall")
)
def smoltcp_closed_port(t: Trial) -> None:
    """A port that smoltcp does not serve."""
    t.server = stack_ip(t.v6)
    c = t.caller()
    t.record(c)
    with contextlib.suppress(ConnectionRefusedError):
        c.connect((t.server, t.port))
        raise RuntimeError("the connection should have been refused")
    c.close()


@FAMILY.scenario(label("reset", "server", "no_socket", OPEN + r" >D <R"))
def smoltcp_restarted(t: Trial) -> None:
    """Smoltcp has lost the connection without a word; the next request gets its reply reset."""
    c = meet(t, "vanish")
    time.sleep(1)
    t.settle()
    c.sendall(t.data(100))
    t.settle()
    c.close()


@FAMILY.scenario(
    label("open", "none", "still_open", OPEN, visible=False),
    server=label("reset", "server", "keepalive_timeout", OPEN + r"(?: <[AD])+ <RA"),
    slow=True,
)
def smoltcp_keepalive(t: Trial) -> None:
    """The path dies; smoltcp's probes (one byte each) go unanswered, then it resets."""
    c = meet(t, "timeout")
    t.settle()
    t.path(lambda p, up: Drop())
    t.hold(c)
    time.sleep(6)


@FAMILY.scenario(label("reset", "client", "application_abort", OPEN + r" >RA"))
def smoltcp_peer_aborts(t: Trial) -> None:
    """The Linux client aborts (SO_LINGER 0) before smoltcp."""
    c = meet(t, "echo")
    t.settle()
    linger0(c)
    c.close()
    t.settle()
