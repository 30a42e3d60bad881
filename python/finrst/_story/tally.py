"""Counts over connections, added up table by table in bounded memory."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar

from finrst._base.classes import ENDINGS
from finrst._tables.naming import Naming

if TYPE_CHECKING:
    from finrst._tables.table import Table

_Key = TypeVar("_Key", str, tuple[str, int])

GOOD = frozenset(word for word, kind in ENDINGS.items() if kind == "orderly")
"""Endings that are orderly."""
NEUTRAL = frozenset(word for word, kind in ENDINGS.items() if kind == "undecided")
"""Endings that are neither orderly nor a failure."""

# Hosts that are counted apart; beyond it the rarest half is forgotten.
_HOSTS = 65_536


class Tally:
    """How many connections there are, by what became of them and where.

    >>> import finrst
    >>> tally = Tally()
    >>> tally.add(finrst.conversation("> S, < R.").connections, 1)
    >>> tally.connections, tally.segments, dict(tally.servers)
    (1, 1, {('198.51.100.1', 443): 1})
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.connections = 0
        """TCP connections."""
        self.segments = 0
        """FIN and RST segments."""
        self.endings: Counter[str] = Counter()
        """Connections by ending."""
        self.causes: Counter[str] = Counter()
        """Connections by cause."""
        self.ended_by: Counter[str] = Counter()
        """Connections by who ended them."""
        self.servers: Counter[tuple[str, int]] = Counter()
        """Connections that did not end in order, by the server's address and port."""
        self.clients: Counter[str] = Counter()
        """The same by the client's address."""
        self.called: Counter[tuple[str, str]] = Counter()
        """The same by the server's address and what its client called it."""

    def add(self, connections: Table, segments: int) -> None:
        """Add a table of connections and the number of their FIN and RST segments."""
        self.connections += len(connections)
        self.segments += segments
        for column, counter in (
            ("ending", self.endings),
            ("cause", self.causes),
            ("ended_by", self.ended_by),
        ):
            counter.update(dict(connections.counts(column)))
        bad = {"ending": [word for word in self.endings if word not in GOOD | NEUTRAL]}
        most = _HOSTS // 2
        servers = connections.counts("server_ip", "server_port", only=bad, top=most)
        for ip, port, count in servers:
            self.servers[ip, port] += count
        for ip, count in connections.counts("client_ip", only=bad, top=most):
            self.clients[ip] += count
        for ip, name, count in connections.counts("server_ip", "server_name", only=bad, top=most):
            if name is not None:
                self.called[ip, name] += count
        _bound(self.servers)
        _bound(self.clients)
        _bound(self.called)

    def naming(self, names: Table) -> Naming:
        """Give the names of the hosts that it counts, with the table of those that are told."""
        called: dict[str, list[str]] = {}
        for (ip, name), _ in self.called.most_common():
            called.setdefault(ip, []).append(name)
        return Naming(lambda ip: called.get(ip, ()), names)

    def __add__(self, other: Tally) -> Tally:
        """Give both together."""
        both = Tally()
        for one in (self, other):
            both.connections += one.connections
            both.segments += one.segments
            for name in ("endings", "causes", "ended_by", "servers", "clients", "called"):
                getattr(both, name).update(getattr(one, name))
        return both


def _bound(counter: Counter[Any]) -> None:
    """Forget the rarest half where there is too much."""
    if len(counter) > _HOSTS:
        kept = counter.most_common(_HOSTS // 2)
        counter.clear()
        counter.update(dict(kept))


def ranked(counts: Counter[_Key]) -> list[tuple[_Key, int]]:
    """Give the most frequent first, equal counts by name."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
