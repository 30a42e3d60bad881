"""One repetition of a scenario: its addresses, sockets, rules on the path and labels."""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import pathlib
import random
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from forwarder import Forwarder, Rule
from inject import Injector
from labels import Label, Record, Views, views
from net import HOPS, Bed, client_ip, server_ip

Play = TypeVar("Play", bound=Callable[..., "Iterator[None] | None"])
LINGER0 = struct.pack("ii", 1, 0)


@dataclasses.dataclass
class Scenario:
    name: str
    # A generator is played up to its `yield` before the captures begin.
    run: Callable[[Trial], Iterator[None] | None]
    views: Views
    # One-way delays on its path, drawn once for the whole scenario.
    delay: tuple[float, float]
    slow: bool
    # Whether its hosts' kernels send its resets: then they are asked for the reason. A word or
    # several name the reasons that are right here, where they are not the cause's usual ones.
    kernel: bool | str = True
    host: int = 0

    @property
    def early(self) -> bool:
        return inspect.isgeneratorfunction(self.run)

    @property
    def about(self) -> str:
        return " ".join((self.run.__doc__ or "").split())


class Family:
    """Scenarios that share namespaces and kernel settings; one module, one family."""

    def __init__(
        self,
        name: str,
        sysctls: dict[str, str] | None = None,
        stack: Callable[[], pathlib.Path | None] | None = None,
        hops: int = HOPS,
        box: str = "",
        spare: int = 0,
    ) -> None:
        self.name, self.hops, self.box = name, hops, box
        # Pairs of addresses for trials that must not share theirs with other repetitions.
        self.spare = spare
        # Builds the program of another TCP stack; None when that cannot be done here.
        self.stack = stack
        self.sysctls = sysctls or {}
        self.scenarios: list[Scenario] = []

    def scenario(
        self,
        label: Label | None,
        delay: tuple[float, float] = (0.001, 0.012),
        slow: bool = False,
        kernel: bool | str = True,
        **other: Label | None,
    ) -> Callable[[Play], Play]:
        """Registers a function under its name, with the label at the client and elsewhere."""

        def register(run: Play) -> Play:
            made = Scenario(run.__name__, run, views(label, **other), delay, slow, kernel)
            made.host = 10 + len(self.scenarios)
            self.scenarios.append(made)
            return run

        return register


class Shared:
    """What all trials of a family use."""

    def __init__(
        self, bed: Bed, forwarder: Forwarder, seed: int, spare: Iterable[int] = ()
    ) -> None:
        self.bed = bed
        self.spare = iter(spare)
        self.forwarder = forwarder
        self.records: list[Record] = []
        self.held: list[socket.socket] = []
        self.lock = threading.Lock()
        rng = random.Random(f"{bed.name}{seed}")
        self.ports = iter(rng.sample(range(1100, 32000), 20000))
        self.raw = {v: Injector(bed, v) for v in ("client", "server")}
        self.stack: subprocess.Popen[str] | None = None

    def play(self, port: int, mode: str) -> None:
        """Tells the other stack to wait for one connection and what to do with it."""
        assert self.stack is not None and self.stack.stdin and self.stack.stdout
        with self.lock:
            self.stack.stdin.write(f"listen {port} {mode}\n")
            self.stack.stdin.flush()
            assert self.stack.stdout.readline() == "ok\n"


class Trial:
    def __init__(self, shared: Shared, scenario: Scenario, repetition: int, seed: int) -> None:
        self.shared, self.bed = shared, shared.bed
        self.scenario, self.repetition = scenario, repetition
        self.rng = random.Random(f"{scenario.name}{repetition}{seed}")
        self.v6 = repetition % 2 == 1
        self.client = client_ip(scenario.host, self.v6)
        self.server = server_ip(scenario.host, self.v6)
        self.port = self.new_port()
        self.records: list[Record] = []

    def alone(self) -> None:
        """Addresses that no other repetition has: what a host learns of a path it keeps."""
        delay = self.delay
        with self.shared.lock:
            host = next(self.shared.spare)
        self.client, self.server = client_ip(host, self.v6), server_ip(host, self.v6)
        self.shared.forwarder.delays[self.client] = delay

    def new_port(self) -> int:
        with self.shared.lock:
            return next(self.shared.ports)

    def path(self, rule: Rule, port: int | None = None) -> None:
        self.shared.forwarder.rules[port or self.port] = rule

    @property
    def delay(self) -> float:
        return self.shared.forwarder.delays[self.client]

    def inject(self, *packets: object) -> None:
        self.shared.forwarder.injector.send(*packets)  # type: ignore[arg-type]

    def inject_later(self, *packets: object) -> None:
        """As a box beside the path does to the far side: just behind what it has seen pass."""
        wait = self.delay + self.rng.uniform(0.002, 0.006)
        threading.Timer(wait, self.inject, packets).start()

    def plug(self, vantage: str, protocol: int = 0) -> socket.socket:
        with self.bed.inside(vantage):
            made = socket.socket(
                socket.AF_INET6 if self.v6 else socket.AF_INET, socket.SOCK_STREAM, protocol
            )
        made.settimeout(15)
        return made

    def listen(
        self, backlog: int = 16, port: int | None = None, *options: tuple[int, int, int]
    ) -> socket.socket:
        made = self.plug("server")
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for option in options:
            made.setsockopt(*option)
        for _ in range(50):
            # Another thread's child may hold a closed listener until it becomes another program.
            with contextlib.suppress(OSError):
                made.bind((self.server, port or self.port))
                break
            time.sleep(0.01)
        made.listen(backlog)
        return made

    def caller(self, *options: tuple[int, int, int], port: int = 0) -> socket.socket:
        """A client socket that is bound (its port is known) but not yet connected."""
        made = self.plug("client")
        if port:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for option in options:
            made.setsockopt(*option)
        made.bind((self.client, port))
        return made

    def dial(self, *options: tuple[int, int, int], port: int = 0) -> socket.socket:
        made = self.caller(*options, port=port)
        made.connect((self.server, self.port))
        return made

    def pair(
        self, port: int = 0, given: Views | None = None, name: str = ""
    ) -> tuple[socket.socket, socket.socket]:
        """An established connection, both its ends; the listener is gone."""
        listener = self.listen()
        client = self.dial(port=port)
        self.record(client, given, name=name)
        server, _ = listener.accept()
        server.settimeout(15)
        listener.close()
        return client, server

    def record(
        self,
        client: socket.socket | int,
        given: Views | None = None,
        port: int | None = None,
        name: str = "",
        *,
        source: str = "",
        target: str = "",
    ) -> None:
        """A connection and its labels; other addresses where a box has translated them."""
        number = client if isinstance(client, int) else client.getsockname()[1]
        causes = {x.cause for x in (given or self.scenario.views).values() if x}
        own = {x.cause for x in self.scenario.views.values() if x}
        named = isinstance(self.scenario.kernel, str) and causes <= own
        record = Record(
            name or self.scenario.name,
            self.repetition,
            (source or self.client, number),
            (target or self.server, port or self.port),
            time.time(),
            given or self.scenario.views,
            kernel=bool(self.scenario.kernel) or name == "ordinary",
            expected=frozenset(str(self.scenario.kernel).split() if named else ()),
        )
        self.records.append(record)
        with self.shared.lock:
            self.shared.records.append(record)

    def hold(self, *sockets: socket.socket) -> None:
        """Keeps sockets as they are until the capture has ended."""
        with self.shared.lock:
            self.shared.held.extend(sockets)

    def pause(self, low: float, high: float | None = None) -> None:
        time.sleep(self.rng.uniform(low, high or low * 1.5))

    def settle(self) -> None:
        """Long enough for everything on the path to arrive and be answered."""
        for wait in (2 * self.delay + 0.1, 2 * self.delay + 0.2):
            time.sleep(wait)
            now = time.monotonic()
            while self.shared.forwarder.quiet < now:
                time.sleep(0.01)

    def data(self, size: int) -> bytes:
        """Text, so that a capture of it compresses and is never mistaken for TLS."""
        line = b"%08x some bytes of %s\n" % (self.rng.getrandbits(32), self.scenario.name.encode())
        return (line * (size // len(line) + 1))[:size]

    def say(self, source: socket.socket, target: socket.socket, size: int = 0) -> None:
        """Sends some bytes and waits until the other side has read them all."""
        data = self.data(size or self.rng.randint(20, 900))
        source.sendall(data)
        missing = len(data)
        while missing:
            got = len(target.recv(missing))
            if not got:
                raise RuntimeError("closed early")
            missing -= got

    def talk(self, client: socket.socket, server: socket.socket, rounds: int = 0) -> None:
        for _ in range(rounds or self.rng.randint(1, 4)):
            self.say(client, server)
            self.say(server, client, self.rng.choice((0, 3000, 9000)))


def linger0(target: socket.socket) -> None:
    target.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER0)


def vanish(target: socket.socket) -> None:
    """The socket is gone and nothing says so on the wire: a host that lost its power."""
    target.setsockopt(socket.IPPROTO_TCP, 19, 1)  # TCP_REPAIR
    target.close()


def drain(target: socket.socket) -> None:
    while target.recv(65536):
        pass
