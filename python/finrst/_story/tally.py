"""Counts over connections, added up table by table in bounded memory."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar

from finrst import _native
from finrst._base.classes import ENDINGS
from finrst._tables.naming import Naming

from .finding import Collector, Findings

if TYPE_CHECKING:
    from finrst._tables.table import Table

_Key = TypeVar("_Key", str, tuple[str, int])

GOOD = frozenset(word for word, kind in ENDINGS.items() if kind == "orderly")
"""Endings that are orderly."""
NEUTRAL = frozenset(word for word, kind in ENDINGS.items() if kind == "undecided")
"""Endings that are neither orderly nor a failure."""

UNSURE = 0.6
"""A verdict that is less sure than this is better not relied on."""

COUNTED = (
    "ending",
    "cause",
    "ended_by",
    "censored",
    "confidence",
    "server_ip",
    "server_port",
    "client_ip",
    "server_name",
)
"""Columns of connections that are counted."""


def needed(*more: str) -> dict[str, list[str]]:
    """Give the columns to read for a tally with findings: FINs and RSTs are only counted."""
    names = dict.fromkeys([*COUNTED, *_native.Finder.columns(), *more])
    return {"connections": list(names), "teardowns": ["connection_id"]}


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

    def __init__(self, *, telling: bool = True) -> None:
        """Begin with nothing; no findings are gathered unless they are to be told."""
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
        """All connections by the server's address and what its client called it."""
        self.censored = 0
        """Connections of which the capture ended too early to know the ending."""
        self.unsure = 0
        """Verdicts that are less than :data:`UNSURE` sure."""
        self.collector = Collector()
        """What gathers their findings."""
        self._telling = telling

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
        self.censored += dict(connections.counts("censored")).get(True, 0)
        sure = connections.counts("confidence")
        self.unsure += sum(count for value, count in sure if 0 < float(value) < UNSURE)
        if self._telling:
            self.collector.add(connections)
        bad = {"ending": [word for word in self.endings if word not in GOOD | NEUTRAL]}
        most = _HOSTS // 2
        servers = connections.counts("server_ip", "server_port", only=bad, top=most)
        for ip, port, count in servers:
            self.servers[ip, port] += count
        for ip, count in connections.counts("client_ip", only=bad, top=most):
            self.clients[ip] += count
        for ip, name, count in connections.counts("server_ip", "server_name", top=most):
            if name is not None:
                self.called[ip, name] += count
        _bound(self.servers)
        _bound(self.clients)
        _bound(self.called)

    def findings(self, naming: Naming, where: dt.tzinfo = dt.UTC) -> Findings:
        """Give what the connections tell, by sentences and counts only: they were let go.

        Of more than a million the first are told, and then how many came later.
        """
        return self.collector.findings(naming, where)

    @property
    def left_out(self) -> int:
        """Connections that are in no finding, because they came after a million others."""
        return self.collector.left_out

    def naming(self, names: Table) -> Naming:
        """Give the names of the hosts that it counts, with the table of those that are told."""
        called: dict[str, list[str]] = {}
        for (ip, name), _ in self.called.most_common():
            called.setdefault(ip, []).append(name)
        return Naming(lambda ip: called.get(ip, ()), names)

    def __add__(self, other: Tally) -> Tally:
        """Give both together, but for their findings."""
        both = Tally(telling=False)
        for one in (self, other):
            both.connections += one.connections
            both.segments += one.segments
            both.censored += one.censored
            both.unsure += one.unsure
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
