"""The connections that a reader looks at first: those in trouble, gravest first.

They are few, so that each stands for a finding. Where there is room for hundreds, in a report, each
cause has its share: :mod:`finrst._story.chosen`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from finrst._base.text import certainty, endpoint, number, printable, shortened
from finrst._base.width import available, wrap

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    """Choose one connection of every finding that is no harmless one, then more of the gravest.

    Without any, they are the first of the capture.
    """
    findings = [one for one in findings if one.severity not in _CALM]
    rows: dict[int, dict[str, Any]] = {}
    for one in findings[:most]:
        row = one.example.to_dict()
        rows.setdefault(row["connection_id"], row)
    for one in findings:
        if len(rows) >= most:
            break
        for row in one.connections.head(most):
            if len(rows) < most:
                rows.setdefault(row["connection_id"], row)
    if rows:
        return Troubled("Connections in trouble, of the gravest findings first", [*rows.values()])
    count = len(connections)
    said = f"The first {most} of {number(count)} connections" if count > most else "All connections"
    return Troubled(said, [*connections.head(most)])


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
