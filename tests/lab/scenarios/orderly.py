"""Connections that end as they should, and some that do not end at all."""

from __future__ import annotations

import socket
import subprocess
import time

from forwarder import Drop, Pass, Verdict
from labels import label, views
from packet import FIN, Packet
from trial import Family, Trial, drain, linger0

FAMILY = Family("orderly", {"net/ipv4/tcp_fastopen": "3"})
OPEN = r">S <SA >A~"
CLIENT_FIRST = OPEN + r" >F(?:~ >F)*~ <F(?: [<>][AF])*"
SERVER_FIRST = OPEN + r" <F(?:~ <F)*~ >F(?: [<>][AF])*"
CLIENT = label("graceful", "client", "client_close", CLIENT_FIRST)
SERVER = label("graceful", "server", "server_close", SERVER_FIRST)


@FAMILY.scenario(CLIENT)
def client_close_four(t: Trial) -> None:
    """The client closes; the server's FIN follows some time after its ACK."""
    c, s = t.pair()
    t.talk(c, s)
    c.close()
    drain(s)
    t.pause(0.08, 0.4)
    s.close()


@FAMILY.scenario(CLIENT)
def client_close_three(t: Trial) -> None:
    """The client closes; the server's FIN rides on its ACK."""
    c, s = t.pair()
    t.talk(c, s)
    c.close()
    drain(s)
    s.close()


@FAMILY.scenario(SERVER)
def server_close_four(t: Trial) -> None:
    """The server closes; the client's FIN follows some time after its ACK."""
    c, s = t.pair()
    t.talk(c, s)
    s.close()
    drain(c)
    t.pause(0.08, 0.4)
    c.close()


@FAMILY.scenario(SERVER)
def server_close_three(t: Trial) -> None:
    """One request, one response and the server's close, as HTTP/1.0 did it."""
    c, s = t.pair()
    t.talk(c, s, 1)
    s.close()
    drain(c)
    c.close()


@FAMILY.scenario(SERVER)
def server_close_queued(t: Trial) -> None:
    """The server closes with much still to send: a slow client gets all of it, then the FIN."""
    c, s = t.pair()
    t.say(c, s)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    s.sendall(t.data(t.rng.randint(60_000, 150_000)))
    s.close()
    while c.recv(4096):
        time.sleep(0.004)
    c.close()


@FAMILY.scenario(
    label("graceful", "both", "simultaneous_close", OPEN + r"(?: >F <F| <F >F)~"),
    delay=(0.03, 0.05),
)
def simultaneous(t: Trial) -> None:
    """Both close within the path's delay: the FINs cross."""
    c, s = t.pair()
    t.talk(c, s, 1)
    time.sleep(0.2)
    c.close()
    s.close()
    t.settle()


@FAMILY.scenario(label("graceful", "client", "half_close_eof", CLIENT_FIRST))
def half_close_client(t: Trial) -> None:
    """The client ends its half (`shutdown`); the server answers with data, then closes."""
    c, s = t.pair()
    t.say(c, s)
    c.shutdown(socket.SHUT_WR)
    drain(s)
    t.pause(0.02, 0.2)
    for _ in range(t.rng.randint(1, 4)):
        t.say(s, c, 4000)
    s.close()
    drain(c)
    c.close()


@FAMILY.scenario(label("graceful", "server", "half_close_eof", SERVER_FIRST))
def half_close_server(t: Trial) -> None:
    """The server ends its half; the client goes on uploading, then closes."""
    c, s = t.pair()
    t.talk(c, s, 1)
    s.shutdown(socket.SHUT_WR)
    drain(c)
    t.pause(0.02, 0.2)
    for _ in range(t.rng.randint(1, 4)):
        t.say(c, s, 2000)
    c.close()
    drain(s)
    s.close()


@FAMILY.scenario(label("graceful", "server", "idle_close", SERVER_FIRST, "server_close"), slow=True)
def idle_close(t: Trial) -> None:
    """A keep-alive server closes after 5 s without a request (node's and Apache's limit)."""
    c, s = t.pair()
    t.talk(c, s, 2)
    time.sleep(5)
    s.close()
    drain(c)
    c.close()


@FAMILY.scenario(label("open", "none", "still_open", OPEN))
def still_open(t: Trial) -> None:
    """An exchange on a connection that outlives the capture."""
    c, s = t.pair()
    t.talk(c, s)
    t.hold(c, s)


@FAMILY.scenario(label("open", "none", "still_open", OPEN))
def still_open_unused(t: Trial) -> None:
    """A connection without a byte that outlives the capture."""
    t.hold(*t.pair())


@FAMILY.scenario(
    label(
        "half_closed",
        "client",
        "still_open",
        OPEN + " >F~",
        "client_close",
        "undetermined",
        "fin_wait2_expired",
    )
)
def half_closed_open(t: Trial) -> None:
    """The client has ended its half, the server never does: half closed when the capture ends."""
    c, s = t.pair()
    t.talk(c, s)
    c.shutdown(socket.SHUT_WR)
    drain(s)
    t.hold(c, s)


@FAMILY.scenario(SERVER)
def time_wait_reuse(t: Trial) -> None:
    """The 4-tuple of a closed connection is used again while the server is in TIME_WAIT."""
    c, s = t.pair()
    port = c.getsockname()[1]
    t.talk(c, s, 1)
    s.close()
    drain(c)
    c.close()
    t.settle()
    time.sleep(0.1)
    c, s = t.pair(port)
    t.talk(c, s, 1)
    s.close()
    drain(c)
    c.close()


@FAMILY.scenario(CLIENT)
def reuse_after_reset(t: Trial) -> None:
    """The 4-tuple is used again after an abort: a reset connection, then a graceful one."""
    c = t.caller()
    port = c.getsockname()[1]
    listener = t.listen()
    c.connect((t.server, t.port))
    aborted = label("reset", "client", "application_abort", OPEN + " >RA", "abort_unread_data")
    t.record(c, views(aborted))
    s, _ = listener.accept()
    t.say(c, s)
    t.settle()
    linger0(c)
    c.close()
    t.settle()
    s.close()
    listener.close()
    t.settle()
    c, s = t.pair(port)
    t.talk(c, s)
    c.close()
    drain(s)
    s.close()


RETRIED = label("graceful", "client", "client_close", OPEN + " >F(?:~ >F)+~ <F~", "fin_unanswered")


@FAMILY.scenario(
    RETRIED, server=label("graceful", "client", "client_close", OPEN + "(?:~ >F)+~ <F~")
)
def fin_lost(t: Trial) -> None:
    """The client's FIN is lost once or twice and repeated until it is answered."""
    c, s = t.pair()
    t.talk(c, s)
    left = [t.rng.randint(1, 2)]

    def lose(p: Packet, up: bool) -> Verdict:
        if up and p.flags & FIN and left[0]:
            left[0] -= 1
            return Drop()
        return None

    t.path(lose)
    c.close()
    drain(s)
    s.close()


@FAMILY.scenario(
    label("graceful", "client", "client_close", OPEN + " >F~ <F >A(?: [<>]A| <F)+"),
    server=label("graceful", "client", "client_close", OPEN + " >F~ <F(?: [<>]A| <F)+"),
)
def last_ack_lost(t: Trial) -> None:
    """The ACK of the second FIN is lost: that FIN comes again."""
    c, s = t.pair()
    t.talk(c, s)
    t.settle()
    fins, lost = [0], [0]

    def lose(p: Packet, up: bool) -> Verdict:
        fins[0] += not up and bool(p.flags & FIN)
        if up and fins[0] and not lost[0] and not p.flags & FIN:
            lost[0] = 1
            return Drop()
        return None

    t.path(lose)
    c.close()
    drain(s)
    time.sleep(0.1)
    s.close()
    time.sleep(0.5)


@FAMILY.scenario(SERVER, delay=(0.005, 0.02))
def lossy_path(t: Trial) -> None:
    """A download over a path that loses and reorders: much noise, an ordinary end."""
    c, s = t.pair()

    def noise(p: Packet, up: bool) -> Verdict:
        if p.payload and t.rng.random() < 0.03:
            return Drop()
        if p.payload and t.rng.random() < 0.1:
            return Pass(t.delay * 1.6)
        return None

    t.path(noise)
    t.say(c, s)
    t.say(s, c, 150_000)
    t.settle()
    t.path(lambda p, up: None)
    s.close()
    drain(c)
    c.close()


@FAMILY.scenario(
    label("graceful", "server", "server_close", r">S <SA~ <F~ >F~"), delay=(0.01, 0.02)
)
def fast_open(t: Trial) -> None:
    """TCP Fast Open: the second connection carries its request in the SYN."""
    listener = t.listen(16, None, (socket.IPPROTO_TCP, 23, 16))
    for _ in range(2):
        c = t.caller()
        c.settimeout(None)
        c.sendto(b"GET /" + t.data(60), 0x20000000, (t.server, t.port))
        t.record(c)
        s, _ = listener.accept()
        s.recv(65)
        t.say(s, c)
        t.settle()
        s.close()
        drain(c)
        c.close()


@FAMILY.scenario(CLIENT, delay=(0.06, 0.3))
def slow_handshake(t: Trial) -> None:
    """A patient client: the SYN-ACK takes 120 to 600 ms and all goes well."""
    c, s = t.pair()
    t.talk(c, s, 1)
    c.close()
    drain(s)
    s.close()


@FAMILY.scenario(label("graceful", "client", "client_close", CLIENT_FIRST), delay=(0.002, 0.005))
def sigkill_clean(t: Trial) -> None:
    """A client with nothing unread is killed: a FIN like any other."""
    c, s = t.pair()
    t.talk(c, s)
    t.settle()
    child = subprocess.Popen(["sleep", "60"], pass_fds=[c.fileno()])
    c.close()
    t.pause(0.05, 0.2)
    child.kill()
    child.wait()
    drain(s)
    s.close()
