"""Peers and paths that fall silent, and sockets that are gone without a word."""

from __future__ import annotations

import contextlib
import socket
import time

from forwarder import Drop, Verdict
from labels import label
from packet import RST, Packet
from scenarios.orderly import OPEN
from trial import Family, Trial, drain, linger0, vanish

FAMILY = Family("silent", {"net/ipv4/tcp_retries2": "5"})
TCP = socket.IPPROTO_TCP
STILL = label("open", "none", "still_open", OPEN, visible=False)
ANSWERED = r"(?: [<>]R| [<>][ADF])*"


def everything(p: Packet, up: bool) -> Verdict:
    return Drop()


def alive(idle: int, count: int) -> tuple[tuple[int, int, int], ...]:
    return (
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (TCP, socket.TCP_KEEPIDLE, idle),
        (TCP, socket.TCP_KEEPINTVL, 1),
        (TCP, socket.TCP_KEEPCNT, count),
    )


@FAMILY.scenario(
    label("reset", "client", "keepalive_timeout", OPEN + r"(?: >A){3,} >RA"),
    server=STILL,
    slow=True,
)
def keepalive_client(t: Trial) -> None:
    """The path dies; the client's keepalive probes go unanswered, then it resets."""
    c, s = t.pair()
    for option in alive(1, t.rng.randint(3, 5)):
        c.setsockopt(*option)
    t.talk(c, s)
    t.settle()
    t.path(everything)
    t.hold(s)
    with contextlib.suppress(OSError):
        c.settimeout(12)
        c.recv(1)
    c.close()


@FAMILY.scenario(
    STILL,
    server=label("reset", "server", "keepalive_timeout", OPEN + r"(?: <A){3,} <RA"),
    slow=True,
)
def keepalive_server(t: Trial) -> None:
    """The same from the server's side; nothing of it gets past the dead path."""
    c, s = t.pair()
    for option in alive(1, t.rng.randint(3, 4)):
        s.setsockopt(*option)
    t.talk(c, s)
    t.settle()
    t.path(everything)
    t.hold(c)
    with contextlib.suppress(OSError):
        s.settimeout(12)
        s.recv(1)
    s.close()


@FAMILY.scenario(label("graceful", "client", "client_close", OPEN + r" >F~ <F~"), slow=True)
def keepalive_answered(t: Trial) -> None:
    """Probes that are answered: an idle connection, closed in order after 3 to 4 s."""
    c, s = t.pair()
    for option in alive(1, 3):
        c.setsockopt(*option)
    t.talk(c, s)
    time.sleep(t.rng.uniform(3, 4))
    c.close()
    drain(s)
    s.close()


@FAMILY.scenario(
    label("peer_unresponsive", "none", "retransmission_timeout", OPEN + r"(?: >D){3,}"),
    server=STILL,
    slow=True,
)
def user_timeout(t: Trial) -> None:
    """The path dies under the client's data; TCP_USER_TIMEOUT ends the socket in silence."""
    c, s = t.pair()
    c.setsockopt(TCP, 18, 2000)
    t.talk(c, s)
    t.settle()
    t.path(everything)
    t.hold(s)
    c.sendall(t.data(t.rng.randint(50, 2500)))
    with contextlib.suppress(OSError):
        c.settimeout(6)
        c.recv(1)
    c.close()


@FAMILY.scenario(
    STILL,
    server=label(
        "peer_unresponsive",
        "none",
        "retransmission_timeout",
        OPEN + r"(?: <D){3,}",
        "path_mtu_black_hole",
    ),
    slow=True,
)
def response_blackholed(t: Trial) -> None:
    """Full-sized packets vanish (a broken path MTU): the request arrives, the response never."""
    c, s = t.pair()
    t.path(lambda p, up: Drop() if len(p.payload) > 1000 else None)
    t.say(c, s)
    t.settle()
    s.sendall(t.data(1200))
    t.hold(c, s)
    time.sleep(4)


@FAMILY.scenario(
    label(
        "reset_after_fin",
        "client",
        "retransmission_timeout",
        OPEN + r"(?: >D){3,}(?: <F >R)+",
        "no_socket",
    ),
    server=label(
        "reset_after_fin", "client", "no_socket", OPEN + r" <F >R", "retransmission_timeout"
    ),
    slow=True,
)
def user_timeout_late_fin(t: Trial) -> None:
    """As user_timeout; then the path heals and the server's close meets no socket."""
    c, s = t.pair()
    c.setsockopt(TCP, 18, 1500)
    t.talk(c, s)
    t.settle()
    t.path(everything)
    c.sendall(t.data(300))
    with contextlib.suppress(OSError):
        c.settimeout(6)
        c.recv(1)
    c.close()
    time.sleep(0.2)
    t.path(lambda p, up: None)
    s.close()
    t.settle()


@FAMILY.scenario(
    label("half_closed", "client", "fin_unanswered", OPEN + r" >F(?: >F){2,}"),
    server=STILL,
    slow=True,
)
def fin_unanswered(t: Trial) -> None:
    """The path dies; the client's FIN is repeated and never answered."""
    c, s = t.pair()
    t.talk(c, s)
    t.settle()
    t.path(everything)
    t.hold(s)
    c.close()
    time.sleep(4)


@FAMILY.scenario(
    label(
        "reset_after_fin",
        "client",
        "fin_wait2_expired",
        OPEN + r" >F~ <D >R" + ANSWERED,
        "data_after_close",
        "no_socket",
    ),
    slow=True,
)
def fin_wait2_expired(t: Trial) -> None:
    """The client's orphan waits 2 s for the server's FIN (TCP_LINGER2), then it is gone."""
    c, s = t.pair()
    t.talk(c, s, 1)
    t.settle()
    c.setsockopt(TCP, 8, 2)
    c.close()
    time.sleep(t.rng.uniform(3.2, 4.5))
    s.sendall(t.data(90))
    t.settle()
    s.close()


@FAMILY.scenario(
    label("reset_after_fin", "client", "fin_wait2_expired", OPEN + r" >F~ <F >R", "client_close"),
    slow=True,
)
def fin_wait2_late_fin(t: Trial) -> None:
    """The same, but the server closes without a word: its late FIN gets a reset."""
    c, s = t.pair()
    t.talk(c, s, 1)
    t.settle()
    c.setsockopt(TCP, 8, 2)
    c.close()
    time.sleep(t.rng.uniform(3.2, 4.5))
    s.close()
    t.settle()


@FAMILY.scenario(label("reset", "server", "no_socket", OPEN + r" >D <R"))
def server_restarted(t: Trial) -> None:
    """The server loses its state in silence; the next request meets no socket."""
    c, s = t.pair()
    t.talk(c, s)
    t.settle()
    vanish(s)
    t.hold(t.listen())
    t.pause(0.1, 2.0)
    c.sendall(t.data(200))
    t.settle()
    c.close()


@FAMILY.scenario(label("reset", "client", "no_socket", OPEN + r" <D >R"))
def client_restarted(t: Trial) -> None:
    """The client loses its state; the server's next push meets no socket."""
    c, s = t.pair()
    t.talk(c, s)
    t.settle()
    vanish(c)
    t.pause(0.1, 2.0)
    s.sendall(t.data(200))
    t.settle()
    s.close()


@FAMILY.scenario(label("reset_after_fin", "server", "no_socket", OPEN + r" >F~ <R"))
def server_restarted_fin(t: Trial) -> None:
    """The same, found out by the client's close."""
    c, s = t.pair()
    t.talk(c, s)
    t.settle()
    vanish(s)
    t.pause(0.1, 1.0)
    c.close()
    t.settle()


@FAMILY.scenario(
    label("reset", "server", "no_socket", OPEN + r" >D <R"),
    server=label(
        "reset",
        "server",
        "application_abort",
        OPEN + r" <RA >D <R",
        "abort_unread_data",
        "no_socket",
    ),
    router=label("reset", "server", "no_socket", OPEN + r" >D <R"),
)
def server_killed(t: Trial) -> None:
    """The server dies with an abort that is lost on the way; the next request gets a reset."""
    lost = [0]

    def lose(p: Packet, up: bool) -> Verdict:
        if not up and p.flags & RST and not lost[0]:
            lost[0] = 1
            return Drop()
        return None

    t.path(lose)
    c, s = t.pair()
    t.talk(c, s)
    t.settle()
    linger0(s)
    s.close()
    t.pause(0.2, 1.0)
    c.sendall(t.data(200))
    t.settle()
    c.close()


@FAMILY.scenario(
    label(
        "reset",
        "client",
        "zero_window_giveup",
        r">S <SA >A(?: [<>][AD])* >RA" + ANSWERED,
        "application_abort",
    ),
    slow=True,
)
def zero_window_abort(t: Trial) -> None:
    """The server stops reading; after seconds of zero-window probes the client aborts."""
    c, s = stalled(t)
    time.sleep(t.rng.uniform(2.5, 4))
    linger0(c)
    c.close()
    t.settle()
    s.close()


@FAMILY.scenario(
    label(
        "reset",
        "client",
        "zero_window_giveup",
        r">S <SA >A(?: [<>][AD])* <A >R" + ANSWERED,
        "no_socket",
    ),
    slow=True,
)
def zero_window_timeout(t: Trial) -> None:
    """The same with TCP_USER_TIMEOUT; when the server reads at last, nobody is there."""
    c, s = stalled(t)
    c.setsockopt(TCP, 18, 2000)
    time.sleep(5)
    with contextlib.suppress(OSError):
        s.setblocking(False)
        while s.recv(65536):
            pass
    t.settle()
    c.close()
    s.close()


@FAMILY.scenario(
    label("graceful", "client", "client_close", r">S <SA >A(?: [<>][AD])* >F~ <F~"), slow=True
)
def zero_window_recovers(t: Trial) -> None:
    """A stall of seconds that ends well: the server reads on and gets everything."""
    c, s = stalled(t)
    c.close()
    time.sleep(2.5)
    drain(s)
    s.close()


def stalled(t: Trial) -> tuple[socket.socket, socket.socket]:
    listener = t.listen(4, None, (socket.SOL_SOCKET, socket.SO_RCVBUF, 4096))
    c = t.dial((socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 18))
    t.record(c)
    s, _ = listener.accept()
    s.settimeout(15)
    listener.close()
    c.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        c.send(t.data(60_000))
    c.settimeout(15)
    return c, s


def box(t: Trial, idle: float, answer: bool) -> tuple[socket.socket, socket.socket]:
    """A box on the path that forgets a connection after `idle` seconds without a packet."""
    last = [time.monotonic()]

    def forget(p: Packet, up: bool) -> Verdict:
        now = time.monotonic()
        known = now - last[0] < idle
        if known:
            last[0] = now
            return None
        if answer and not p.flags & RST:
            # What a kernel's REJECT says; the box is one hop nearer than the host.
            t.inject(Packet(p.dst, p.src, p.dport, p.sport, p.ack, 0, RST, ttl=64))
        return Drop()

    t.path(forget)
    c, s = t.pair()
    t.talk(c, s)
    return c, s


@FAMILY.scenario(
    label(
        "reset",
        "third_party",
        "idle_timeout_reset",
        OPEN + r" >D <R",
        "no_socket",
        "nat_state_lost",
    ),
    server=STILL,
    slow=True,
    delay=(0.008, 0.015),
)
def box_idle_reject(t: Trial) -> None:
    """A box forgets the connection after 5 s of silence and resets the next request."""
    c, s = box(t, 5, True)
    time.sleep(5.4)
    c.sendall(t.data(200))
    t.hold(s)
    t.settle()
    c.close()


@FAMILY.scenario(
    label(
        "peer_unresponsive",
        "none",
        "retransmission_timeout",
        OPEN + r"(?: >D){3,}",
        "idle_timeout_reset",
    ),
    server=STILL,
    slow=True,
)
def box_idle_drop(t: Trial) -> None:
    """The same box, but it drops: retransmissions and silence."""
    c, s = box(t, 3, False)
    time.sleep(3.4)
    c.sendall(t.data(200))
    t.hold(c, s)
    time.sleep(3)
