"""The connections that a reader looks at first: those in trouble, gravest first.

One rule for all faces. A card has room for a few, which stand for the findings; a report has room
for hundreds, so that a reader finds his own, and every finding has its share of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from finrst._base.text import certainty, endpoint, number, plural, printable, shortened
from finrst._base.width import available, wrap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from finrst._tables.table import Table

    from .finding import Finding

_CALM = frozenset({"harmless", "uncertain"})


class Troubled(NamedTuple):
    """Some connections."""

    said: str
    """Which they are."""
    rows: list[dict[str, Any]]
    """Rows of ``connections``."""


def troubled(connections: Table, findings: Iterable[Finding], most: int) -> Troubled:
    """Choose connections of every finding that is no harmless one, the gravest first.

    Each finding has its share, so that no large one crowds out another, and begins with its
    example. Without any trouble, they are the first of the capture.

    >>> import finrst
    >>> cap = finrst.conversation("> S port=1..90, < R. port=1..90, > S port=91 server=9")
    >>> [row["client_port"] for row in troubled(cap.connections, cap.findings(), 4).rows]
    [1, 2, 3, 91]
    """
    rows = _in_trouble(findings, most)
    if rows:
        return Troubled("Connections in trouble, of the gravest findings first", rows)
    count = len(connections)
    said = f"The first {most} of {number(count)} connections" if count > most else "All connections"
    return Troubled(said, [*connections.head(most)])


def listed(connections: Table, findings: Iterable[Finding], most: int) -> Troubled:
    """Choose the same, and fill the room that they leave with the others, in their order.

    >>> import finrst
    >>> cap = finrst.read("tests/data/demo.pcap")
    >>> chosen = listed(cap.connections, cap.findings(), 20)
    >>> chosen.said, [row["cause"] for row in chosen.rows][:2]
    ('20 of 25 connections, those in trouble first', ['reset_injected', 'application_abort'])
    """
    rows, total = _in_trouble(findings, most), len(connections)
    known = {row["connection_id"] for row in rows}
    # Of so many rows at least as many as there is room for are none of those.
    others = (row for row in connections.head(most) if row["connection_id"] not in known)
    told = len(rows)
    rows += [row for _, row in zip(range(most - told), others, strict=False)]
    if told == len(rows) < total:
        return Troubled(
            f"{plural(told, 'connection')} in trouble of {number(total)}, of the gravest findings "
            "first",
            rows,
        )
    which = f"{number(len(rows))} of" if len(rows) < total else "All"
    first = ", those in trouble first" if 0 < told < total else ""
    return Troubled(f"{which} {plural(total, 'connection')}{first}", rows)


def _in_trouble(findings: Iterable[Finding], most: int) -> list[dict[str, Any]]:
    """Give rows of the findings that a reader should look at, in their order."""
    grave = [one for one in findings if one.severity not in _CALM]
    parts: list[list[dict[str, Any]]] = [[] for _ in grave]
    known: set[int] = set()
    # Who is in two findings leaves room, which is given to the gravest.
    for shares in (_shares([one.count for one in grave], most), [most] * len(grave)):
        for one, share, part in zip(grave, shares, parts, strict=True):
            for row in _first(one, min(share, one.count) if len(known) < most else 0):
                number_of = row["connection_id"]
                if len(known) < most and len(part) < share and number_of not in known:
                    known.add(number_of)
                    part.append(row)
    return [row for part in parts for row in part]


def _first(one: Finding, share: int) -> Iterator[dict[str, Any]]:
    """Give the example of a finding, and as many of its first as it has a share of."""
    if share:
        yield one.example.to_dict()
    if share > 1:
        yield from one.head(share)


def _shares(counts: Sequence[int], room: int) -> list[int]:
    """Share room fairly: who needs less leaves it to the others, the first of equals gets more.

    >>> _shares([1, 1607, 1, 300], 50), _shares([7, 7], 5), _shares([3, 3, 3], 2)
    ([1, 24, 1, 24], [3, 2], [1, 1, 0])
    """
    shares = [0] * len(counts)
    places = sorted(range(min(len(counts), room)), key=lambda place: (counts[place], -place))
    for done, place in enumerate(places):
        shares[place] = min(counts[place], room // (len(places) - done))
        room -= shares[place]
    return shares


def text(chosen: Troubled) -> list[str]:
    """Write them for a terminal, the verdict beside the number; nothing in it is obeyed by one."""
    if not chosen.rows:
        return []
    width = max(len(str(row["connection_id"])) for row in chosen.rows)
    lines = []
    for row in chosen.rows:
        client = shortened(endpoint(row["client_ip"], row["client_port"]), 24)
        server = shortened(endpoint(row["server_ip"], row["server_port"]), 24)
        sure = f" {certainty(row['confidence'])}" if row["confidence"] else ""
        place = f"  {row['connection_id']:>{width}}  "
        told = printable(f"{row['cause']}{sure}  {client} > {server}")
        lines += wrap(told, available(), place)
    return ["", *wrap(chosen.said), *lines]
