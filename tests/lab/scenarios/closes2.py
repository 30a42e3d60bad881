"""Closes that go wrong half-way, and closes with an occasion: limits of age, number and patience."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from forwarder import Drop
from labels import Label, label, views
from scenarios.orderly import CLIENT, CLIENT_FIRST, OPEN, SERVER_FIRST
from trial import Family, Trial, drain, linger0

FAMILY = Family("closes2")
TCP = socket.IPPROTO_TCP
FAR = (0.001, 0.04)
AFTER = r"(?: [<>]R| [<>][ADF])*"
STILL = label("open", "none", "still_open", OPEN, visible=False)


def expired(t: Trial) -> tuple[socket.socket, socket.socket]:
    """The client has closed and waited for a second (TCP_LINGER2): its end is gone."""
    c, s = t.pair()
    t.talk(c, s, 1)
    t.settle()
    c.setsockopt(TCP, 8, 1)
    c.close()
    time.sleep(t.rng.uniform(2.2, 4.0))
    return c, s


@FAMILY.scenario(
    label("reset_after_fin", "client", "fin_wait2_expired", OPEN + r" >F~ <F >R"),
    slow=True,
    delay=FAR,
)
def second_fin_refused(t: Trial) -> None:
    """The server's FIN comes when the client's end is gone: a reset refuses it."""
    _, s = expired(t)
    s.close()
    t.settle()


@FAMILY.scenario(
    label(
        "reset_after_fin",
        "client",
        "data_after_close",
        OPEN + r" >F~ <[DF]" + r"(?: <F| >R)+",
        "fin_wait2_expired",
    ),
    slow=True,
    delay=FAR,
)
def last_words_refused(t: Trial) -> None:
    """Data and FIN come when the client's end is gone: both are refused, the data is lost."""
    _, s = expired(t)
    s.sendall(t.data(t.rng.randint(40, 900)))
    s.close()
    t.settle()


def late_words(t: Trial, given: Label, *, close: bool, pieces: int, wait: float) -> None:
    c, s = t.pair(0, views(given))
    t.talk(c, s, 1)
    c.close()
    t.settle()
    time.sleep(wait)
    s.setsockopt(TCP, socket.TCP_NODELAY, 1)
    with contextlib.suppress(OSError):
        for _ in range(pieces):
            s.sendall(t.data(t.rng.randint(40, 900)))
    if close:
        s.close()
    t.settle()
    s.close()


LATE = label("reset_after_fin", "client", "data_after_close", OPEN + r" >F~ <[DF]" + AFTER)


@FAMILY.scenario(LATE, delay=FAR)
def words_then_close(t: Trial) -> None:
    """The client has closed; the server says one thing more and closes at once."""
    late_words(t, LATE, close=True, pieces=1, wait=t.rng.uniform(0.05, 0.5))


@FAMILY.scenario(LATE, delay=FAR)
def several_words_then_close(t: Trial) -> None:
    """The same with several segments on their way."""
    late_words(t, LATE, close=True, pieces=t.rng.randint(2, 5), wait=t.rng.uniform(0.05, 0.5))


@FAMILY.scenario(
    label("reset_after_fin", "client", "data_after_close", OPEN + r" [<>]F" + AFTER),
    delay=(0.02, 0.04),
)
def words_cross_close(t: Trial) -> None:
    """The server's last words and the client's close cross on the way."""
    c, s = t.pair()
    t.talk(c, s, 1)
    t.settle()
    c.close()
    time.sleep(t.rng.uniform(0, t.delay * 0.7))
    s.sendall(t.data(t.rng.randint(40, 900)))
    s.close()
    t.settle()


@FAMILY.scenario(
    label("peer_unresponsive", "none", "fin_unanswered", OPEN + r" >F~"),
    router=label("peer_unresponsive", "none", "fin_unanswered", OPEN + r" >F~(?: <F| <D)*"),
    server=label("peer_unresponsive", "none", "fin_unanswered", OPEN + r" >F~ <F(?: <F){3,}"),
    slow=True,
    delay=FAR,
)
def second_fin_unanswered(t: Trial) -> None:
    """The path dies between the closes: the server's FIN is repeated and never answered."""
    c, s = t.pair()
    gone = label("peer_unresponsive", "none", "fin_unanswered", OPEN + r" >F~ <F(?: <F){3,}")
    waits = label("half_closed", "client", "still_open", OPEN + r" >F~", visible=False)
    t.records[-1].views = views(waits, server=gone)
    t.talk(c, s, 1)
    t.settle()
    c.shutdown(socket.SHUT_WR)
    drain(s)
    t.settle()
    t.hold(c)
    t.path(lambda p, up: Drop())
    s.close()
    time.sleep(4.5)


NOTIFY = (
    bytes.fromhex("1503030002") + b"\x01\x00",
    bytes.fromhex("150303001a") + bytes(range(26)),
    bytes.fromhex("1703030013") + bytes(range(19)),
)


def record_layer(t: Trial, c: socket.socket, s: socket.socket) -> None:
    """Bytes that look like TLS: a hello each way, then records of application data."""
    from scenarios.names import hello

    greeting = hello("www.example", t.rng)
    deliver(c, s, greeting)
    deliver(s, c, b"\x16\x03\x03\x00\x7a" + t.rng.randbytes(122))
    for source, target, size in ((c, s, 300), (s, c, 1500)):
        deliver(source, target, b"\x17\x03\x03" + size.to_bytes(2, "big") + t.rng.randbytes(size))


def deliver(source: socket.socket, target: socket.socket, data: bytes) -> None:
    source.sendall(data)
    missing = len(data)
    while missing:
        missing -= len(target.recv(missing))


UNREAD = label(
    "reset",
    "client",
    "unread_close_notify",
    OPEN + r"(?: <F)? >RA" + AFTER,
    "abort_unread_data",
)


@FAMILY.scenario(UNREAD, delay=FAR)
def close_notify_unread(t: Trial) -> None:
    """The peer's close_notify is there when the client closes without reading it: an abort."""
    c, s = t.pair()
    record_layer(t, c, s)
    s.sendall(t.rng.choice(NOTIFY))
    t.settle()
    c.close()
    t.settle()
    s.close()


@FAMILY.scenario(
    label(
        "reset_after_fin",
        "client",
        "unread_close_notify",
        OPEN + r" <F~ >RA" + AFTER,
        "abort_unread_data",
    ),
    delay=FAR,
)
def close_notify_and_fin_unread(t: Trial) -> None:
    """The same with the peer's FIN behind it."""
    c, s = t.pair()
    record_layer(t, c, s)
    s.sendall(t.rng.choice(NOTIFY))
    s.close()
    t.settle()
    c.close()
    t.settle()


@FAMILY.scenario(
    label(
        "reset_after_fin",
        "client",
        "unread_close_notify",
        OPEN + r" >F~ <[DF]" + AFTER,
        "data_after_close",
    ),
    delay=FAR,
)
def close_notify_after_close(t: Trial) -> None:
    """The client has closed; the peer's close_notify and FIN answer that, and are refused."""
    c, s = t.pair()
    record_layer(t, c, s)
    c.sendall(t.rng.choice(NOTIFY))
    c.close()
    drain(s)
    t.pause(0.001, 0.05)
    with contextlib.suppress(OSError):
        s.sendall(t.rng.choice(NOTIFY))
    s.close()
    t.settle()


UNANSWERED = label("graceful", "server", "request_unanswered", SERVER_FIRST)


@FAMILY.scenario(UNANSWERED, slow=True, delay=FAR)
def request_unanswered(t: Trial) -> None:
    """A proxy's patience: the request has no answer, and the server closes after 3 to 8 s."""
    c, s = t.pair()
    c.sendall(t.data(t.rng.randint(80, 900)))
    s.recv(4096)
    time.sleep(t.rng.choice((3.0, 5.0, 8.0)))
    s.close()
    drain(c)
    c.close()


@FAMILY.scenario(UNANSWERED, slow=True, delay=FAR)
def second_request_unanswered(t: Trial) -> None:
    """The same for a later request of the connection."""
    c, s = t.pair()
    t.talk(c, s, 2)
    c.sendall(t.data(t.rng.randint(80, 900)))
    s.recv(4096)
    time.sleep(t.rng.choice((3.0, 5.0)))
    s.close()
    drain(c)
    c.close()


@FAMILY.scenario(
    label("graceful", "client", "request_unanswered", CLIENT_FIRST), slow=True, delay=FAR
)
def client_gives_up_waiting(t: Trial) -> None:
    """The client's patience: it closes in order when its request has had no answer for seconds."""
    c, s = t.pair()
    t.talk(c, s, 1)
    c.sendall(t.data(t.rng.randint(80, 900)))
    s.recv(4096)
    time.sleep(t.rng.choice((3.0, 5.0)))
    c.close()
    drain(s)
    s.close()


@FAMILY.scenario(label("graceful", "server", "server_close", SERVER_FIRST), slow=True, delay=FAR)
def late_answer(t: Trial) -> None:
    """An answer that takes as long (a 504, say), and then the server's close."""
    c, s = t.pair()
    t.say(c, s)
    time.sleep(t.rng.choice((3.0, 5.0)))
    s.sendall(b"HTTP/1.1 504 Gateway Timeout\r\nConnection: close\r\n\r\n")
    s.close()
    drain(c)
    c.close()


AGED = label("graceful", "server", "connection_age_limit", SERVER_FIRST)


@FAMILY.scenario(AGED, slow=True, delay=FAR)
def age_limit(t: Trial) -> None:
    """Five busy connections of one service are closed at nearly the same age."""
    listener = t.listen()
    age = t.rng.uniform(2.0, 3.0)

    def live(number: int) -> None:
        time.sleep(number * 0.9)
        c = t.dial()
        t.record(c, views(AGED))
        with lock:
            s, _ = listener.accept()
        s.settimeout(15)
        began = time.monotonic()
        mine = age * (1 + 0.03 * (number % 3 - 1))
        while time.monotonic() - began < mine:
            t.say(c, s)
            t.say(s, c, 300)
            time.sleep(0.2)
        s.close()
        drain(c)
        c.close()

    lock = threading.Lock()
    together(live, 5)
    listener.close()


def together(work: object, count: int) -> None:
    """Runs `work(number)` in threads of its own and waits; the first failure is raised."""
    assert callable(work)
    failures: list[Exception] = []

    def one(number: int) -> None:
        try:
            work(number)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


FULL = label("graceful", "server", "admission_limit", SERVER_FIRST)


def admission(t: Trial, given: Label, *, abort: bool) -> None:
    """Three are served at a time; who comes while three are inside is turned away."""
    listener = t.listen()
    inside: list[tuple[socket.socket, socket.socket]] = []

    def enter() -> None:
        c = t.dial()
        t.record(c, views(CLIENT))
        s, _ = listener.accept()
        s.settimeout(15)
        s.sendall(b"220 ready\r\n")
        c.recv(100)
        t.talk(c, s, 1)
        inside.append((c, s))

    def leave() -> None:
        c, s = inside.pop(0)
        t.talk(c, s, 1)
        c.close()
        drain(s)
        s.close()
        t.settle()

    for _ in range(3):
        enter()
    for _ in range(3):
        c = t.dial()
        t.record(c, views(given))
        s, _ = listener.accept()
        if abort:
            linger0(s)
        s.close()
        t.settle()
        with contextlib.suppress(OSError):
            drain(c)
        c.close()
        t.settle()
        if t.rng.random() < 0.5:
            leave()
            enter()
    while inside:
        leave()
    listener.close()


@FAMILY.scenario(FULL, delay=FAR)
def admission_refused(t: Trial) -> None:
    """A server that greets first closes at once, without a word, while its limit is reached."""
    admission(t, FULL, abort=False)


ABORTED = label(
    "reset",
    "server",
    "admission_limit",
    OPEN + r" <RA",
    "application_abort",
)


@FAMILY.scenario(ABORTED, kernel="TCP_STATE", delay=FAR)
def admission_aborted(t: Trial) -> None:
    """The same with an abort (SO_LINGER 0)."""
    admission(t, ABORTED, abort=True)


def restart(t: Trial, given: Label, *, abort: bool) -> None:
    """All connections of a service end together; it refuses for a moment and is back."""
    listener = t.listen(64)
    live = []
    for _ in range(t.rng.randint(9, 14)):
        c = t.dial()
        t.record(c, views(given))
        s, _ = listener.accept()
        s.settimeout(15)
        t.talk(c, s, 1)
        live.append((c, s))
        time.sleep(t.rng.uniform(0.0, 0.1))
    t.settle()
    time.sleep(t.rng.uniform(0.2, 1.0))
    listener.close()
    for _, s in live:
        if abort:
            linger0(s)
        s.close()
        time.sleep(t.rng.uniform(0.0, 0.01))
    t.settle()
    for c, _ in live:
        with contextlib.suppress(OSError):
            drain(c)
        c.close()
    t.settle()
    refused = label(
        "handshake_refused",
        "server",
        "intermittent_refusal",
        r">S <RA",
        "port_closed",
        "service_event",
    )
    c = t.caller()
    t.record(c, views(refused))
    with contextlib.suppress(ConnectionRefusedError):
        c.connect((t.server, t.port))
        raise RuntimeError("it should have been refused")
    c.close()
    time.sleep(t.rng.uniform(0.3, 1.0))
    listener = t.listen(64)
    for _ in range(2):
        c = t.dial()
        t.record(c, views(CLIENT))
        s, _ = listener.accept()
        s.settimeout(15)
        t.talk(c, s, 1)
        c.close()
        drain(s)
        s.close()
        t.settle()
    listener.close()


RESTARTED = label("graceful", "server", "service_event", SERVER_FIRST)
RESTARTED_HARD = label("reset", "server", "service_event", OPEN + r" <RA" + AFTER)


@FAMILY.scenario(RESTARTED, delay=FAR)
def service_restart(t: Trial) -> None:
    """A service is restarted: its nine to fourteen connections are closed in order together."""
    restart(t, RESTARTED, abort=False)


@FAMILY.scenario(RESTARTED_HARD, kernel="TCP_STATE", delay=FAR)
def service_restart_hard(t: Trial) -> None:
    """The same with aborts."""
    restart(t, RESTARTED_HARD, abort=True)
