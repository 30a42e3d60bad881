"""Another TCP stack at the server's end: lwIP, as small devices carry it (Debian's liblwip-dev)."""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import socket
import subprocess
import time

from forwarder import Drop
from labels import Label, label
from net import stack_ip
from scenarios.orderly import CLIENT_FIRST, OPEN, SERVER_FIRST
from trial import Family, Trial, drain, linger0


def build() -> pathlib.Path | None:
    source = pathlib.Path(__file__).parents[1] / "lwip"
    if shutil.which("gcc") is None:
        return None
    argv = ["gcc", "-O1", "-I/usr/include/lwip", "main.c", "-o", "lwip", "-llwip", "-lpthread"]
    if subprocess.run(argv, cwd=source, capture_output=True).returncode != 0:
        return None
    return source / "lwip"


FAMILY = Family("lwip", stack=build)
FAR = (0.001, 0.04)
AFTER = r"(?: [<>]RA?| [<>][ADF])*"
STILL = label("open", "none", "still_open", OPEN, visible=False)


def meet(t: Trial, mode: str) -> socket.socket:
    """One exchange with the stack; what is sent to `unread` and `flood` is not waited for."""
    t.server = stack_ip(t.v6)
    t.shared.play(t.port, mode)
    c = t.dial()
    t.record(c)
    data = t.data(t.rng.randint(20, 800))
    c.sendall(data)
    missing = 0 if mode in ("unread", "flood") else len(data)
    while missing:
        missing -= len(c.recv(missing))
    return c


def over(c: socket.socket, t: Trial) -> None:
    """Waits for whatever ends it, and closes."""
    with contextlib.suppress(OSError):
        c.settimeout(6)
        drain(c)
    c.close()
    t.settle()


@FAMILY.scenario(label("graceful", "client", "client_close", CLIENT_FIRST), delay=FAR)
def lwip_client_close(t: Trial) -> None:
    """The Linux client closes, lwIP follows."""
    c = meet(t, "echo")
    t.pause(0.01, 0.5)
    c.shutdown(socket.SHUT_WR)
    over(c, t)


@FAMILY.scenario(label("graceful", "server", "server_close", SERVER_FIRST), delay=FAR)
def lwip_server_close(t: Trial) -> None:
    """lwIP closes first."""
    over(meet(t, "close"), t)


@FAMILY.scenario(label("reset", "server", "application_abort", OPEN + r" <RA" + AFTER), delay=FAR)
def lwip_abort(t: Trial) -> None:
    """lwIP's program aborts (tcp_abort) a second after its answer."""
    over(meet(t, "abort"), t)


@FAMILY.scenario(
    label("reset", "server", "abort_unread_data", OPEN + r" <RA" + AFTER, "application_abort"),
    delay=FAR,
)
def lwip_unread_close(t: Trial) -> None:
    """lwIP closes with the request unread: like Linux, it resets."""
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
def lwip_abort_before_full_window(t: Trial) -> None:
    """lwIP aborts while a client that does not read keeps its window shut."""
    t.server = stack_ip(t.v6)
    t.shared.play(t.port, "flood")
    c = t.dial((socket.SOL_SOCKET, socket.SO_RCVBUF, 4096))
    t.record(c)
    c.sendall(t.data(100))
    time.sleep(3)
    over(c, t)


@FAMILY.scenario(label("handshake_refused", "server", "port_closed", r">S <RA"), delay=FAR)
def lwip_closed_port(t: Trial) -> None:
    """A port that lwIP does not serve."""
    t.server = stack_ip(t.v6)
    c = t.caller()
    t.record(c)
    with contextlib.suppress(ConnectionRefusedError):
        c.connect((t.server, t.port))
        raise RuntimeError("the connection should have been refused")
    c.close()


NO_SOCKET = label("reset", "server", "no_socket", OPEN + r" >D <RA?")


def forgotten(t: Trial) -> socket.socket:
    c = meet(t, "vanish")
    time.sleep(2.2)
    t.settle()
    return c


@FAMILY.scenario(NO_SOCKET, delay=FAR)
def lwip_restarted(t: Trial) -> None:
    """lwIP has lost the connection without a word; the next request gets its reply reset."""
    c = forgotten(t)
    c.sendall(t.data(100))
    over(c, t)


@FAMILY.scenario(label("reset_after_fin", "server", "no_socket", OPEN + r" >F <RA?"), delay=FAR)
def lwip_restarted_fin(t: Trial) -> None:
    """The same, found out by the client's close."""
    c = forgotten(t)
    c.close()
    t.settle()


@FAMILY.scenario(
    label("reset", "server", "no_socket", OPEN + r" >A <RA?", "keepalive_timeout"), delay=FAR
)
def lwip_restarted_probe(t: Trial) -> None:
    """The same, found out by the client's keepalive probe."""
    c = forgotten(t)
    c.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    c.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    over(c, t)


@FAMILY.scenario(
    label("reset_after_fin", "server", "data_after_close", OPEN + r" <F~ >D <RA?" + AFTER),
    delay=FAR,
)
def lwip_data_after_close(t: Trial) -> None:
    """lwIP has closed; what the client says after that is refused."""
    c = meet(t, "close")
    drain(c)
    t.settle()
    t.pause(0.05, 0.5)
    c.sendall(t.data(200))
    t.settle()
    c.close()


GIVEN_UP = label("reset", "server", "keepalive_timeout", OPEN + r"(?: <[AD])+ <RA")


@FAMILY.scenario(STILL, server=GIVEN_UP, slow=True, delay=FAR)
def lwip_keepalive(t: Trial) -> None:
    """The path dies; lwIP's probes go unanswered, then it resets."""
    silence(t)


def silence(t: Trial) -> None:
    c = meet(t, "timeout")
    t.settle()
    t.path(lambda p, up: Drop())
    t.hold(c)
    time.sleep(7)


# The last bytes were the server's: whether they were read is not on the wire.
ABORTED: Label = label(
    "reset", "client", "application_abort", OPEN + r" >RA" + AFTER, "abort_unread_data"
)


@FAMILY.scenario(ABORTED, delay=FAR)
def lwip_peer_aborts(t: Trial) -> None:
    """The Linux client aborts (SO_LINGER 0) before lwIP."""
    c = meet(t, "echo")
    t.settle()
    linger0(c)
    c.close()
    t.settle()
