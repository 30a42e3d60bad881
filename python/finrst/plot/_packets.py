"""The packets of one connection, with what its row says of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from finrst import _native
from finrst._base.classes import class_of
from finrst._base.extras import need
from finrst._tables.table import Table

_EVENTS = 12


@dataclass(frozen=True)
class Story:
    """One connection: its packets in order, its row and its FIN and RST rows where there are."""

    packets: list[dict[str, Any]]
    row: dict[str, Any] = field(default_factory=dict)
    ends: tuple[str, str] = ("client", "server")
    """How client and server are written."""
    teardowns: list[dict[str, Any]] = field(default_factory=list)
    sources: _native.Sources = field(default_factory=lambda: _native.Sources([]))
    """The files that they were read from, which no drawing replaces."""

    def colours(self, unknown: str) -> dict[int, str]:
        """Give the colour of each FIN and RST: that of the class of its cause, where it is known.

        >>> import finrst
        >>> colours = story(finrst.conversation("> S, < R."), 0).colours("black")
        >>> colours == {2: class_of("port_closed").colour}
        True
        """
        ends = [one["packet"] for one in self.packets if {"FIN", "RST"} & _flags(one)]
        known = {one["packet"]: class_of(one["cause"]).colour for one in self.teardowns}
        return {packet: known.get(packet, unknown) for packet in ends}


def _flags(packet: dict[str, Any]) -> set[str]:
    return set(packet["flags"].split(","))


def story(data: Any, connection_id: int | None) -> Story:
    """Get the packets of a connection from a Capture, or take a table of packets as they are."""
    if hasattr(data, "connections"):
        if connection_id is None:
            if len(data) != 1:
                message = f"which of the {len(data)} connections? Give its connection_id"
                raise ValueError(message)
            connection_id = int(data.connections["connection_id"][0])
        row = data.connection(connection_id).to_dict()
        events = data.teardowns.find_all("connection_id", connection_id, _EVENTS)
        packets = data.packets(connection_id)
        ends = data.naming.client(row), data.naming.server(row)
        return Story(list(packets), row, ends, events, packets._native.sources)  # noqa: SLF001
    rows = (
        list(data) if isinstance(data, Table) else need("pyarrow", "pandas").table(data).to_pylist()
    )
    missing = [
        name for name in ("packet", "time", "sender", "flags") if rows and name not in rows[0]
    ]
    if missing:
        message = f"the table lacks {', '.join(missing)}; Capture.packets() gives one that has them"
        raise ValueError(message)
    ids = {one["connection_id"] for one in rows}
    if connection_id is not None:
        rows = [one for one in rows if one["connection_id"] == connection_id]
    elif len(ids) > 1:
        message = f"packets of {len(ids)} connections: give a connection_id"
        raise ValueError(message)
    return Story(rows, sources=data._native.sources) if isinstance(data, Table) else Story(rows)  # noqa: SLF001
