"""Established connections that one of the two hosts ends with a reset."""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import socket
import subprocess
import threading
import time

from forwarder import Drop, Verdict
from labels import label
from net import run
from packet import ACK, RST, Packet
from scenarios.orderly import CLIENT_FIRST, OPEN, SERVER_FIRST
from trial import Family, Trial, drain, linger0, vanish

FAMILY = Family("abort", {"net/mptcp/enabled": "1"})
MPTCP = 262
# The abort, and then a reply reset for whatever was still on its way.
BY_CLIENT = OPEN + r" >RA(?: >R| <[ADF])*"
BY_SERVER = OPEN + r" <RA(?: <R| >[ADF])*"
ANSWERED = r"(?: [<>]R| [<>][ADF])*"


UNREAD_C = label("reset", "client", "abort_unread_data", BY_CLIENT, "application_abort")
UNREAD_S = label("reset", "server", "abort_unread_data", BY_SERVER, "application_abort")
ABORT_C = label("reset", "client", "application_abort", BY_CLIENT)
ABORT_S = label("reset", "server", "application_abort", BY_SERVER)


@FAMILY.scenario(UNREAD_C)
def unread_client(t: Trial) -> None:
    """The client closes without having read the response."""
    c, s = t.pair()
    t.say(c, s)
    s.sendall(t.data(t.rng.randint(100, 9000)))
    t.settle()
    c.close()
    t.settle()
    s.close()


@FAMILY.scenario(UNREAD_S)
def unread_server(t: Trial) -> None:
    """The server closes without having read the request."""
    c, s = t.pair()
    c.sendall(t.data(t.rng.randint(50, 5000)))
    t.settle()
    s.close()
    t.settle()
    c.close()


@FAMILY.scenario(UNREAD_S)
def unread_partial(t: Trial) -> None:
    """The server answers after the head of a large request and closes: the answer is lost too."""
    c, s = t.pair()
    c.sendall(t.data(t.rng.randint(3000, 9000)))
    s.recv(400)
    t.settle()
    s.sendall(b"HTTP/1.1 413 Payload Too Large\r\n\r\n")
    s.close()
    t.settle()
    c.close()


@FAMILY.scenario(UNREAD_C)
def download_aborted(t: Trial) -> None:
    """The client closes in the middle of a download."""
    c, s = t.pair()
    t.say(c, s)
    sender = threading.Thread(target=flood, args=(s, 400_000))
    sender.start()
    c.recv(4000)
    t.settle()
    c.close()
    sender.join()
    s.close()


def flood(target: socket.socket, size: int) -> None:
    with contextlib.suppress(OSError):
        target.sendall(bytes(size))


def killed(target: socket.socket, t: Trial) -> None:
    """The socket belongs to a process that is killed."""
    child = subprocess.Popen(["sleep", "60"], pass_fds=[target.fileno()])
    target.close()
    t.pause(0.05, 0.1)
    child.kill()
    child.wait()


@FAMILY.scenario(UNREAD_C)
def sigkill_client(t: Trial) -> None:
    """The client process is killed with a response unread."""
    c, s = t.pair()
    t.say(c, s)
    s.sendall(t.data(1000))
    t.settle()
    killed(c, t)
    t.settle()
    s.close()


@FAMILY.scenario(UNREAD_S)
def sigkill_server(t: Trial) -> None:
    """The server process is killed with a request unread."""
    c, s = t.pair()
    t.talk(c, s, 1)
    c.sendall(t.data(300))
    t.settle()
    killed(s, t)
    t.settle()
    c.close()


@FAMILY.scenario(ABORT_C)
def linger0_client(t: Trial) -> None:
    """SO_LINGER 0 at the client, everything read and acknowledged."""
    c, s = t.pair()
    t.talk(c, s)
    t.say(c, s)
    t.settle()
    linger0(c)
    c.close()
    t.settle()
    s.close()


@FAMILY.scenario(ABORT_S)
def linger0_server(t: Trial) -> None:
    """SO_LINGER 0 at the server, after its response was read."""
    c, s = t.pair()
    t.talk(c, s)
    t.settle()
    linger0(s)
    s.close()
    t.settle()
    c.close()


@FAMILY.scenario(label("reset", "client", "application_abort", OPEN + r" >RA"))
def linger0_at_once(t: Trial) -> None:
    """connect() and an abort without a byte."""
    c, s = t.pair()
    t.pause(0.05, 0.3)
    linger0(c)
    c.close()
    t.settle()
    s.close()


@FAMILY.scenario(ABORT_C, delay=(0.01, 0.03))
def linger0_inflight(t: Trial) -> None:
    """SO_LINGER 0 with data in flight: a reply reset for each late ACK."""
    c, s = t.pair()
    t.say(c, s)
    c.sendall(t.data(14000))
    linger0(c)
    c.close()
    t.settle()
    time.sleep(0.1)
    s.close()


@FAMILY.scenario(label("reset", "client", "application_abort", BY_CLIENT, "zero_window_giveup"))
def linger0_queued(t: Trial) -> None:
    """SO_LINGER 0 with unsent data before a full receiver."""
    listener = t.listen(4, None, (socket.SOL_SOCKET, socket.SO_RCVBUF, 4096))
    c = t.dial((socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 18))
    t.record(c)
    s, _ = listener.accept()
    listener.close()
    c.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        c.send(t.data(60_000))
    t.settle()
    t.pause(0.3, 0.6)
    linger0(c)
    c.close()
    t.settle()
    s.close()


@FAMILY.scenario(ABORT_C)
def ss_kill(t: Trial) -> None:
    """The administrator kills the client's socket (`ss -K`)."""
    c, s = t.pair()
    t.say(c, s)
    t.settle()
    # Both ports: another trial's client may have the same one.
    which = f"( sport = {c.getsockname()[1]} and dport = {t.port} )"
    run("ip", "netns", "exec", t.bed.names["client"], "ss", "-K", which)
    t.settle()
    c.close()
    s.close()


@FAMILY.scenario(ABORT_S)
def disconnected(t: Trial) -> None:
    """connect(AF_UNSPEC) on the server's socket."""
    c, s = t.pair()
    t.talk(c, s)
    t.settle()
    ctypes.CDLL(None).connect(s.fileno(), bytes(16), 16)
    t.settle()
    c.close()
    s.close()


@FAMILY.scenario(
    label("reset_after_fin", "client", "data_after_close", OPEN + r" >F~ <D >R" + ANSWERED)
)
def data_after_close(t: Trial) -> None:
    """The client has closed; the server writes some time after it acknowledged that."""
    c, s = t.pair()
    t.talk(c, s, 1)
    c.close()
    t.settle()
    t.pause(0.1, 0.5)
    s.sendall(t.data(400))
    t.settle()
    s.close()


@FAMILY.scenario(
    label("reset_after_fin", "client", "data_after_close", OPEN + r" >F~ <D >R" + ANSWERED),
    router=label("reset_after_fin", "client", "data_after_close", OPEN + r" >F~ >R" + ANSWERED),
    server=label("reset_after_fin", "client", "data_after_close", OPEN + r" >F~ >R" + ANSWERED),
    delay=(0.03, 0.05),
)
def data_crosses_close(t: Trial) -> None:
    """The client's FIN and the server's data cross."""
    c, s = t.pair()
    t.say(c, s)
    t.settle()
    c.close()
    s.sendall(t.data(400))
    t.settle()
    time.sleep(0.1)
    s.close()


@FAMILY.scenario(
    label(
        "reset_after_fin",
        "server",
        "keepalive_race",
        OPEN + r" >D <F(?: >A)? <R" + ANSWERED,
        "data_after_close",
    ),
    router=label(
        "reset_after_fin",
        "server",
        "keepalive_race",
        OPEN + r"(?: >D <F| <F >D)(?: >A)? <R" + ANSWERED,
        "data_after_close",
    ),
    server=label(
        "reset_after_fin",
        "server",
        "keepalive_race",
        OPEN + r" <F >D <R" + ANSWERED,
        "data_after_close",
    ),
    delay=(0.03, 0.05),
)
def keepalive_race(t: Trial) -> None:
    """An idle server closes while the next request is on its way."""
    c, s = t.pair()
    t.talk(c, s, 2)
    time.sleep(t.rng.uniform(1.3, 1.8))
    s.close()
    time.sleep(t.rng.uniform(0, t.delay / 3))
    c.sendall(t.data(300))
    t.settle()
    with contextlib.suppress(OSError):
        drain(c)
    c.close()


@FAMILY.scenario(
    label(
        "reset_after_fin",
        "client",
        "abort_unread_data",
        OPEN + r" >F~ >RA" + ANSWERED,
        "data_after_close",
        "application_abort",
    )
)
def half_close_then_abort(t: Trial) -> None:
    """The client ends its half, then closes with the response unread."""
    c, s = t.pair()
    t.say(c, s)
    c.shutdown(socket.SHUT_WR)
    drain(s)
    s.sendall(t.data(t.rng.randint(500, 12000)))
    t.settle()
    c.close()
    t.settle()
    s.close()


@FAMILY.scenario(
    label("reset_after_fin", "client", "application_abort", OPEN + r" <F~ >RA" + ANSWERED)
)
def abort_after_server_fin(t: Trial) -> None:
    """The server closes in order, the client answers with an abort (SO_LINGER 0)."""
    c, s = t.pair()
    t.talk(c, s, 1)
    s.close()
    drain(c)
    t.settle()
    linger0(c)
    c.close()
    t.settle()


@FAMILY.scenario(
    label(
        "reset_after_fin",
        "client",
        "application_abort",
        OPEN + r" >F~ >R" + ANSWERED,
        "fin_wait2_expired",
        "no_socket",
        "stray_segment",
        "undetermined",
    ),
    kernel="TCP_ABORT_ON_DATA",
)
def linger2_negative(t: Trial) -> None:
    """TCP_LINGER2 below 0: the orphan is dropped, with a reset, when its FIN is acknowledged."""
    c, s = t.pair()
    t.talk(c, s, 1)
    t.settle()
    c.setsockopt(socket.IPPROTO_TCP, 8, -1)
    c.close()
    t.settle()
    time.sleep(0.1)
    s.close()


@FAMILY.scenario(
    label("reset", "client", "abort_unread_data", BY_CLIENT, "mptcp_reset", "application_abort")
)
def mptcp_unread(t: Trial) -> None:
    """Multipath TCP: the client closes with a response unread (MP_FASTCLOSE on the reset)."""
    listener = t.plug("server", MPTCP)
    listener.bind((t.server, t.port))
    listener.listen(4)
    c = t.plug("client", MPTCP)
    c.bind((t.client, 0))
    c.connect((t.server, t.port))
    t.record(c)
    s, _ = listener.accept()
    t.say(c, s)
    s.sendall(t.data(500))
    t.settle()
    c.close()
    t.settle()
    time.sleep(0.1)
    s.close()
    listener.close()


@FAMILY.scenario(label("graceful", "server", "tls_failure", SERVER_FIRST, "server_close"))
def tls_alert_fin(t: Trial) -> None:
    """A TLS handshake fails: fatal alert (handshake_failure), then the server's close."""
    c, s = t.pair()
    hello(t, c, s)
    s.sendall(bytes.fromhex("15030300020228"))
    s.close()
    drain(c)
    c.close()


@FAMILY.scenario(
    label("reset", "client", "tls_failure", BY_CLIENT, "application_abort", "abort_unread_data")
)
def tls_alert_reset(t: Trial) -> None:
    """The client rejects the certificate: fatal alert (bad_certificate), then an abort."""
    c, s = t.pair()
    hello(t, c, s)
    t.say(s, c, 3000)
    c.sendall(bytes.fromhex("1503030002022a"))
    t.settle()
    linger0(c)
    c.close()
    t.settle()
    s.close()


@FAMILY.scenario(label("graceful", "client", "client_close", CLIENT_FIRST))
def tls_close_notify(t: Trial) -> None:
    """An orderly TLS close: a warning alert (close_notify) is no failure."""
    c, s = t.pair()
    hello(t, c, s)
    t.talk(c, s, 1)
    c.sendall(bytes.fromhex("15030300020100"))
    c.close()
    drain(s)
    s.close()


def hello(t: Trial, c: socket.socket, s: socket.socket) -> None:
    """A plausible ClientHello with a server name, read by the server."""
    name = f"host{t.rng.randint(1, 99)}.example".encode()
    sni = bytes.fromhex("0000") + (len(name) + 5).to_bytes(2, "big")
    sni += (len(name) + 3).to_bytes(2, "big") + b"\0" + len(name).to_bytes(2, "big") + name
    ciphers = bytes.fromhex("0006130113021303")
    body = b"\x03\x03" + t.rng.randbytes(32) + b"\0" + ciphers + b"\x01\0"
    body += len(sni).to_bytes(2, "big") + sni
    record = b"\x01" + len(body).to_bytes(3, "big") + body
    message = b"\x16\x03\x01" + len(record).to_bytes(2, "big") + record
    c.sendall(message)
    while message:
        message = message[len(s.recv(len(message))) :]


def stated(t: Trial, payload: bytes, window: int, flags: int, vantage: str) -> None:
    """A reset that says why, in the server's name; the server's socket is gone in silence."""
    last: list[Packet] = []

    def note(p: Packet, up: bool) -> Verdict:
        if up:
            last.append(p)
        return None

    t.path(note)
    c, s = t.pair()
    t.talk(c, s)
    t.settle()
    # Two CPUs may have handed the path two ACKs in the wrong order.
    acks = [p for p in last if p.flags & ACK]
    newest = max(acks, key=lambda p: (p.ack - acks[0].ack) & 0xFFFFFFFF)
    answer = newest.reply(payload=payload, flags=flags, window=window, ttl=64, df=True)
    end = dataclasses.replace(answer, ack=newest.end if flags & ACK else 0)
    vanish(s)
    if vantage == "server":
        t.shared.raw["server"].send(end)
    else:
        t.inject(dataclasses.replace(end, ttl=255, ident=t.rng.getrandbits(16)))
    t.settle()
    c.close()


STATED = OPEN + r" <RA?"


@FAMILY.scenario(label("reset", "server", "device_stated", STATED), kernel=False)
def text_host(t: Trial) -> None:
    """A host whose resets carry a text, as Solaris' and HP-UX' do."""
    text = t.rng.choice((b"tcp_lift_anchor, can't wait", b"new data when detached", b"No TCP"))
    stated(t, text, 0, RST | ACK, "server")


@FAMILY.scenario(
    label("reset", "third_party", "device_stated", STATED),
    server=label("open", "none", "still_open", OPEN, visible=False),
)
def text_balancer(t: Trial) -> None:
    """A load balancer that writes its reason into the reset, as F5's does."""
    text = t.rng.choice((b"BIG-IP: [0x2bd4a2f:1204] Flow expired (sweeper)", b"No local listener"))
    stated(t, text, 0, RST | ACK, "router")


@FAMILY.scenario(
    label("reset", "third_party", "device_stated", STATED),
    server=label("open", "none", "still_open", OPEN, visible=False),
)
def window_code(t: Trial) -> None:
    """A load balancer whose reason is the reset's window field, as NetScaler's is."""
    stated(t, b"", t.rng.choice((9300, 9304, 9310, 9811)), RST | ACK, "router")


@FAMILY.scenario(
    ABORT_C,
    server=label("reset", "client", "no_socket", OPEN + r" <D >R", "application_abort"),
)
def reset_lost(t: Trial) -> None:
    """The client's abort is lost; the server's next data meets no socket."""
    lost = [0]

    def lose(p: Packet, up: bool) -> Verdict:
        if up and p.flags & RST and not lost[0]:
            lost[0] = 1
            return Drop()
        return None

    t.path(lose)
    c, s = t.pair()
    t.say(c, s)
    t.settle()
    linger0(c)
    c.close()
    t.pause(0.3, 1.0)
    s.sendall(t.data(100))
    t.settle()
    s.close()
