"""A proxy in front of the server: both its legs are in the captures of its own host.

It listens at the service's address on the box, and passes on what it gets. The client knows one leg,
the server the other.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from labels import Label, label
from net import service_ip
from scenarios.orderly import CLIENT_FIRST, OPEN, SERVER_FIRST
from trial import Family, Trial, drain, linger0

FAMILY = Family("relay", box="far")
FAR = (0.001, 0.03)
AFTER = r"(?: [<>]R| [<>][ADF])*"
CLIENT_ABORTS = OPEN + r" >RA" + AFTER
SERVER_ABORTS = OPEN + r" <RA" + AFTER


def front(known: Label, alone: Label) -> dict[str, Label | None]:
    """The client's leg: explained in the box's capture, as the client sees it elsewhere."""
    return {"client": alone, "router": alone, "server": None, "box": known}


def back(known: Label, alone: Label) -> dict[str, Label | None]:
    """The server's leg."""
    return {"client": None, "router": None, "server": alone, "box": known}


class Relay:
    """One connection in, one out; an end or an abort of one leg is passed on to the other."""

    def __init__(
        self, t: Trial, near: dict[str, Label | None], far: dict[str, Label | None]
    ) -> None:
        self.t = t
        family = socket.AF_INET6 if t.v6 else socket.AF_INET
        address = service_ip(t.scenario.host, t.v6)
        with contextlib.suppress(RuntimeError):
            nodad = ["nodad"] if t.v6 else []
            mask = "/128" if t.v6 else "/32"
            t.bed.ip("box", "addr", "add", address + mask, "dev", "lo", *nodad)
        with t.bed.inside("box"):
            entry = socket.socket(family, socket.SOCK_STREAM)
            self.out = socket.socket(family, socket.SOCK_STREAM)
        entry.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        entry.bind((address, t.port))
        entry.listen(4)
        listener = t.listen()
        self.c = t.caller()
        t.record(self.c, near, target=address)
        self.c.connect((address, t.port))
        self.entry, _ = entry.accept()
        self.out.bind(("fd77:2::1" if t.v6 else "10.77.2.1", 0))
        t.record(self.out, far, source=self.out.getsockname()[0])
        self.out.connect((t.server, t.port))
        self.s, _ = listener.accept()
        self.s.settimeout(15)
        for end in (entry, listener):
            end.close()
        self.threads = [
            threading.Thread(target=self.pump, args=ends)
            for ends in ((self.entry, self.out), (self.out, self.entry))
        ]
        for thread in self.threads:
            thread.start()

    def pump(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
            self.t.pause(0.0005, 0.004)
            with contextlib.suppress(OSError):
                target.shutdown(socket.SHUT_WR)
        except ConnectionResetError:
            self.t.pause(0.0005, 0.004)
            linger0(target)
            with contextlib.suppress(OSError):
                target.shutdown(socket.SHUT_RD)
            target.close()
        except OSError:
            pass

    def end(self) -> None:
        for thread in self.threads:
            thread.join(10)
        for one in (self.entry, self.out, self.c, self.s):
            one.close()


def first(by: str, cause: str, *also: str) -> Label:
    return label("graceful", by, cause, CLIENT_FIRST if by == "client" else SERVER_FIRST, *also)


@FAMILY.scenario(first("server", "relayed_end"), delay=FAR)
def relay_server_closes(t: Trial) -> None:
    """The server closes; the proxy hands that on to the client within milliseconds."""
    near = front(first("server", "relayed_end"), first("server", "server_close", "relayed_end"))
    r = Relay(t, near, back(first("server", "server_close"), first("server", "server_close")))
    t.talk(r.c, r.s)
    t.settle()
    r.s.close()
    drain(r.c)
    r.c.close()
    r.end()


@FAMILY.scenario(first("client", "client_close"), delay=FAR)
def relay_client_closes(t: Trial) -> None:
    """The client closes; the proxy closes its own connection to the server."""
    far = back(first("client", "relayed_end"), first("client", "client_close", "relayed_end"))
    r = Relay(t, front(first("client", "client_close"), first("client", "client_close")), far)
    t.talk(r.c, r.s)
    t.settle()
    r.c.close()
    drain(r.s)
    r.s.close()
    r.end()


def broken(by: str, cause: str, *also: str) -> Label:
    return label("reset", by, cause, CLIENT_ABORTS if by == "client" else SERVER_ABORTS, *also)


@FAMILY.scenario(broken("server", "relayed_end", "application_abort"), delay=FAR)
def relay_server_aborts(t: Trial) -> None:
    """The server aborts; the proxy aborts the client's connection."""
    abort = broken("server", "application_abort")
    near = front(
        broken("server", "relayed_end", "application_abort"),
        broken("server", "application_abort", "relayed_end"),
    )
    r = Relay(t, near, back(abort, abort))
    t.talk(r.c, r.s)
    t.settle()
    linger0(r.s)
    r.s.close()
    t.settle()
    r.end()


@FAMILY.scenario(broken("client", "application_abort"), delay=FAR)
def relay_client_aborts(t: Trial) -> None:
    """The client aborts; the proxy aborts its connection to the server."""
    # Its last bytes were the server's: whether they were read is not on the wire.
    abort = broken("client", "application_abort", "abort_unread_data")
    far = back(
        broken("client", "relayed_end", "application_abort", "abort_unread_data"),
        broken("client", "application_abort", "abort_unread_data", "relayed_end"),
    )
    r = Relay(t, front(abort, abort), far)
    t.talk(r.c, r.s)
    t.settle()
    linger0(r.c)
    r.c.close()
    t.settle()
    r.end()


@FAMILY.scenario(first("server", "request_unanswered", "relayed_end"), slow=True, delay=FAR)
def relay_backend_silent(t: Trial) -> None:
    """The server never answers; after 3 s the proxy closes both legs."""
    near = first("server", "request_unanswered", "relayed_end")
    far = first("client", "request_unanswered", "relayed_end")
    r = Relay(t, front(near, near), back(far, far))
    t.talk(r.c, r.s, 1)
    r.c.sendall(t.data(200))
    r.s.recv(1000)
    time.sleep(3)
    r.out.shutdown(socket.SHUT_WR)
    r.entry.shutdown(socket.SHUT_WR)
    drain(r.s)
    drain(r.c)
    r.s.close()
    r.c.close()
    r.end()
