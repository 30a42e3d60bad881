"""Another TCP stack at the server's end: gVisor's netstack (Debian's golang-gvisor-gvisor-dev)."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import time

from labels import label
from net import stack_ip
from scenarios.lwip import ABORTED, AFTER, FAR, STILL, meet, over, silence
from scenarios.orderly import CLIENT_FIRST, OPEN, SERVER_FIRST
from trial import Family, Trial, drain, linger0

SOURCES = pathlib.Path("/usr/share/gocode")


def build() -> pathlib.Path | None:
    source = pathlib.Path(__file__).parents[1] / "gvisor"
    if shutil.which("go") is None or not SOURCES.exists():
        return None
    made = {"GOPATH": str(SOURCES), "GO111MODULE": "off", "GOFLAGS": ""}
    argv = ["go", "build", "-o", "gvisor", "."]
    done = subprocess.run(argv, cwd=source, env=os.environ | made, capture_output=True)
    return source / "gvisor" if done.returncode == 0 else None


FAMILY = Family("gvisor", stack=build)


@FAMILY.scenario(label("graceful", "client", "client_close", CLIENT_FIRST), delay=FAR)
def gvisor_client_close(t: Trial) -> None:
    """The Linux client closes, gVisor follows."""
    c = meet(t, "echo")
    t.pause(0.01, 0.5)
    c.shutdown(socket.SHUT_WR)
    over(c, t)


@FAMILY.scenario(label("graceful", "server", "server_close", SERVER_FIRST), delay=FAR)
def gvisor_server_close(t: Trial) -> None:
    """gVisor closes first."""
    over(meet(t, "close"), t)


@FAMILY.scenario(label("reset", "server", "application_abort", OPEN + r" <RA" + AFTER), delay=FAR)
def gvisor_abort(t: Trial) -> None:
    """gVisor's program aborts a second after its answer: window 0, though a socket sent it."""
    over(meet(t, "abort"), t)


@FAMILY.scenario(
    label("reset", "server", "abort_unread_data", OPEN + r" <RA" + AFTER, "application_abort"),
    delay=FAR,
)
def gvisor_unread_close(t: Trial) -> None:
    """gVisor closes with the request unread: like Linux, it resets."""
    over(meet(t, "unread"), t)


@FAMILY.scenario(
    label(
        "reset",
        "server",
        "application_abort",
        OPEN + r" <RA" + AFTER,
        "zero_window_giveup",
        "zero_window_stall",
    ),
    delay=FAR,
)
def gvisor_abort_before_full_window(t: Trial) -> None:
    """gVisor aborts while a client that does not read keeps its window shut."""
    t.server = stack_ip(t.v6)
    t.shared.play(t.port, "flood")
    c = t.dial((socket.SOL_SOCKET, socket.SO_RCVBUF, 4096))
    t.record(c)
    c.sendall(t.data(100))
    time.sleep(3)
    over(c, t)


@FAMILY.scenario(label("handshake_refused", "server", "port_closed", r">S <RA"), delay=FAR)
def gvisor_closed_port(t: Trial) -> None:
    """A port that gVisor does not serve."""
    t.server = stack_ip(t.v6)
    c = t.caller()
    t.record(c)
    with contextlib.suppress(ConnectionRefusedError):
        c.connect((t.server, t.port))
        raise RuntimeError("the connection should have been refused")
    c.close()


@FAMILY.scenario(
    label("reset_after_fin", "server", "data_after_close", OPEN + r" <F~ >D <RA?" + AFTER),
    delay=FAR,
)
def gvisor_data_after_close(t: Trial) -> None:
    """gVisor has closed; what the client says after that is refused."""
    c = meet(t, "close")
    drain(c)
    t.settle()
    t.pause(0.05, 0.5)
    c.sendall(t.data(200))
    t.settle()
    c.close()


@FAMILY.scenario(
    STILL,
    server=label("peer_unresponsive", "none", "keepalive_timeout", OPEN + r"(?: <[AD])+(?: <RA)?"),
    slow=True,
    delay=FAR,
)
def gvisor_keepalive(t: Trial) -> None:
    """The path dies; gVisor's probes go unanswered, and it gives up without a word."""
    silence(t)


@FAMILY.scenario(ABORTED, delay=FAR)
def gvisor_peer_aborts(t: Trial) -> None:
    """The Linux client aborts (SO_LINGER 0) before gVisor."""
    c = meet(t, "echo")
    t.settle()
    linger0(c)
    c.close()
    t.settle()
    time.sleep(0.1)
