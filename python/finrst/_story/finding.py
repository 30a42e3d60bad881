"""Findings: what happened to many connections at once, each told as one story."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, overload

from finrst import _native
from finrst._base.pickles import ByValue
from finrst._base.text import duration, plural
from finrst._base.times import rfc3339, stamp
from finrst._tables.table import Table

from . import wording

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

    from finrst._tables.naming import Naming

    from .connection import Connection

_HOSTS = 10
# Connections of a stream that findings are made of.
_MOST = 1_000_000


class Finding(ByValue):
    """What happened to many connections, or to a few that matter: one story.

    Every connection of a capture is in exactly one finding, but for the kinds that say that they
    lie across others (:func:`finrst.finding_kinds`). It pickles and copies by value, with its
    connections, for the same version of finrst.

    >>> import finrst
    >>> (one,) = finrst.conversation("> S port=1..3, < R. port=1..3").findings()
    >>> one.kind, one.severity, one.count, one.hosts
    ('refused', 'costly', 3, ('198.51.100.1', '192.0.2.1'))
    >>> print(one.sentence)
    3 connections to 198.51.100.1:443 (https) were refused: nothing listens there.
    """

    def __init__(
        self,
        facts: dict[str, Any],
        naming: Naming,
        connections: Callable[[int | None], Table],
        example: Callable[[int], Connection],
        where: dt.tzinfo,
    ) -> None:
        """Wrap the facts; made by finrst, not by hand."""
        self._zone = where
        self._connections: Callable[[int | None], Table] | Table = connections
        self._example: Callable[[int], Connection] | Connection = example
        self._shown: int = facts["example"]
        self.kind: str = facts["kind"]
        """What it tells: a name of :func:`finrst.finding_kinds`."""
        self.severity: str = facts["severity"]
        """How much it matters.

        ``suspicious``, ``costly``, ``notable``, ``uncertain`` or ``harmless``, gravest first.
        """
        self.sentence: str = wording.sentence(facts, naming)
        """What happened, to how many, between whom."""
        self.clients: str = wording.clients(facts, naming)
        """Whose connections they are, or how many clients'; empty where the sentence says it."""
        self.why: str = wording.why(facts)
        """What says so."""
        self.count: int = facts["count"]
        """Number of its connections."""
        self.hosts: tuple[str, ...] = _hosts(facts)
        """Addresses of its hosts, those with most of its connections first, ten at most."""
        self.since: dt.datetime = facts["since"]
        """When the first of its connections began, in UTC."""
        self.until: dt.datetime = facts["until"]
        """When the last packet of any of them came, in UTC."""
        self.cost: str = wording.cost(facts)
        """What it cost, as far as the capture shows; empty where it shows nothing."""
        self.next: str = wording.following(facts)
        """What to do next."""
        self.causes: tuple[tuple[str, int], ...] = tuple(facts["causes"][1])
        """The most frequent causes of its connections with their counts, five at most."""

    @property
    def example(self) -> Connection:
        """The connection that shows it most surely: of the commonest cause, the surest.

        >>> import finrst
        >>> (one,) = finrst.conversation("> S port=1..3, < R. port=1..3").findings()
        >>> one.example
        <finrst.Connection 0: 192.0.2.1:1 > 198.51.100.1:443: handshake_refused, ...>
        """
        if callable(self._example):
            self._example = self._example(self._shown)
        return self._example

    @property
    def connections(self) -> Table:
        """Its connections: rows of ``connections``, in the same order.

        >>> import finrst
        >>> (one,) = finrst.conversation("> S port=1..3, < R. port=1..3").findings()
        >>> one.connections["client_port"]
        [1, 2, 3]
        """
        if callable(self._connections):
            self._connections = self._connections(None)
        return self._connections

    def head(self, most: int) -> Table:
        """Give the first of its connections, without making the others.

        >>> import finrst
        >>> (one,) = finrst.conversation("> S port=1..3, < R. port=1..3").findings()
        >>> one.head(2)["client_port"]
        [1, 2]
        """
        if callable(self._connections):
            return self._connections(most)
        return self._connections.head(most)

    @property
    def when(self) -> str:
        """Since when, in the time zone of its capture, and for how long.

        >>> import finrst
        >>> (one,) = finrst.conversation("> S +1s, < R.").findings()
        >>> one.when
        'since 2026-01-01 00:00:01 UTC, for 10 ms'
        """
        lasted = duration((self.until - self.since).total_seconds())
        return f"since {stamp(self.since, self._zone)}, for {lasted}"

    def to_dict(self) -> dict[str, Any]:
        """Give all that can be written as JSON; the example by its ``connection_id``.

        >>> import finrst
        >>> (one,) = finrst.conversation("> S, < R.").findings()
        >>> one.to_dict()["example"]
        0
        """
        return {
            "kind": self.kind,
            "severity": self.severity,
            "sentence": self.sentence,
            "why": self.why,
            "count": self.count,
            "hosts": list(self.hosts),
            "since": rfc3339(self.since),
            "until": rfc3339(self.until),
            "cost": self.cost,
            "next": self.next,
            "causes": dict(self.causes),
            "example": self._shown,
        }

    def __getstate__(self) -> tuple[str, dict[str, Any]]:
        """Pickle its connections and its example, and not the whole capture."""
        version, attributes = super().__getstate__()
        made = {"_connections": self.connections, "_example": self.example}
        return version, {**attributes, **made}

    def __str__(self) -> str:
        """Give the sentence."""
        return self.sentence

    def __repr__(self) -> str:
        """Say what it is, to how many."""
        return f"<finrst.Finding {self.kind} ({self.severity}): {plural(self.count, 'connection')}>"


class Findings(Sequence[Finding]):
    """The findings of a capture, gravest first, twenty at most; the last adds up what is beyond.

    >>> import finrst
    >>> found = finrst.read("tests/data/demo.pcap").findings()
    >>> found[0].severity
    'suspicious'
    """

    def __init__(self, items: Sequence[Finding]) -> None:
        """Hold them; made by finrst, not by hand."""
        self._items = tuple(items)

    @overload
    def __getitem__(self, place: int) -> Finding: ...
    @overload
    def __getitem__(self, place: slice) -> Findings: ...
    def __getitem__(self, place: int | slice) -> Finding | Findings:
        """Give one by its place, or several."""
        return Findings(self._items[place]) if isinstance(place, slice) else self._items[place]

    def __len__(self) -> int:
        """Count them."""
        return len(self._items)

    def __iter__(self) -> Iterator[Finding]:
        """Go through them, gravest first."""
        return iter(self._items)

    def to_dict(self) -> list[dict[str, Any]]:
        """Give each as :meth:`Finding.to_dict` does.

        >>> import finrst
        >>> [one["kind"] for one in finrst.conversation("> S, < R.").findings().to_dict()]
        ['refused']
        """
        return [one.to_dict() for one in self]

    def __repr__(self) -> str:
        """Tell them, a line each."""
        return "\n".join(f"{one.severity}: {one.sentence}" for one in self) or "no findings"


def _hosts(facts: dict[str, Any]) -> tuple[str, ...]:
    both = [*facts["servers"][1], *facts["clients"][1]]
    ranked = sorted(both, key=lambda item: -item[1])
    return tuple(dict.fromkeys(host for host, _ in ranked))[:_HOSTS]


def _gone(_: int, __: int | None = None) -> NoReturn:
    message = "the connections of a stream were let go: read() keeps them"
    raise LookupError(message)


class Collector:
    """Connections that come table by table, and what they tell together; in bounded memory."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._native = _native.Finder()
        self._kept = 0
        self.left_out = 0
        """Connections that came when there were too many."""

    def add(self, connections: Table) -> None:
        """Take what the findings of a table need."""
        if self._kept + len(connections) > _MOST:
            self.left_out += len(connections)
            return
        self._kept += len(connections)
        self._native.add(connections._native)  # noqa: SLF001 - the same package

    def findings(
        self,
        naming: Naming,
        where: dt.tzinfo,
        connections: Callable[[int, int | None], Table] = _gone,
        example: Callable[[int], Connection] = _gone,
    ) -> Findings:
        """Tell them; who knows their connections says how they are got.

        That is by the place of a finding among them and how many of its first are wanted (all,
        unless told), and by the number of a connection.
        """
        return Findings(
            [
                Finding(one, naming, partial(connections, place), example, where)
                for place, one in enumerate(self._native.facts())
            ]
        )


def find(connections: Table) -> _native.Findings:
    """Work out what connections tell."""
    return _native.Findings(connections._native)  # noqa: SLF001 - the same package


def tell(
    found: _native.Findings,
    name: str,
    example: Callable[[int], Connection],
    naming: Naming,
    where: dt.tzinfo,
) -> Findings:
    """Put into words what was found in a table of this name."""

    def rows(place: int) -> Callable[[int | None], Table]:
        return lambda most: Table(found.connections(place, most), name)

    return Findings(
        [
            Finding(one, naming, rows(place), example, where)
            for place, one in enumerate(found.facts())
        ]
    )
