"""One connection."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import struct
from typing import TYPE_CHECKING, Any

from finrst._base.text import certainty, endpoint, nearest
from finrst._tables.attributes import Attributes
from finrst._tables.reference import causes

from . import portrait
from .explain import Explanation, explain

if TYPE_CHECKING:
    import datetime as dt

    from finrst._tables.naming import Naming
    from finrst._tables.table import Table

_TCP = 6


def community_id(
    source_ip: str,
    source_port: int,
    destination_ip: str,
    destination_port: int,
    *,
    seed: int = 0,
) -> str:
    """Work out the Community ID (version 1) of a TCP connection, the same for both directions.

    >>> import finrst
    >>> finrst.community_id("128.232.110.120", 34855, "66.35.250.204", 80)
    '1:LQU9qZlK+B5F3KDmev6m5PMibrg='
    """
    ends = sorted(
        (ipaddress.ip_address(ip).packed, port)
        for ip, port in ((source_ip, source_port), (destination_ip, destination_port))
    )
    (low, low_port), (high, high_port) = ends
    data = struct.pack(">H", seed) + low + high
    data += struct.pack(">BBHH", _TCP, 0, low_port, high_port)
    digest = hashlib.sha1(data, usedforsecurity=False).digest()
    return "1:" + base64.b64encode(digest).decode()


class Connection(Attributes):
    """One TCP connection: its row of ``connections``, each column as a typed attribute.

    A notebook shows its verdict, its story and both sides.

    Times are ``datetime`` in UTC, which has microseconds only; the tables have nanoseconds. It
    pickles and copies by value, with its teardowns, for the same version of finrst.

    >>> import finrst
    >>> one = finrst.conversation("> S, < S., > ., > F., < F., > .").connection(0)
    >>> one.ending, one.ended_by, one.client_fins
    ('graceful', 'client', 1)
    """

    def __init__(
        self,
        row: dict[str, Any],
        teardowns: Table | list[dict[str, Any]],
        *,
        single_file: bool,
        naming: Naming,
        where: dt.tzinfo,
    ) -> None:
        """Wrap a row; made by finrst, not by hand."""
        self._zone = where
        self._row = row
        self._ends = naming.ends(row)
        self._teardowns = teardowns
        self._single_file = single_file

    if not TYPE_CHECKING:  # Attributes has them all, so that a checker knows a typo.

        def __getattr__(self, name: str) -> Any:
            """Give a column's value."""
            if name.startswith("_"):
                raise AttributeError(name)
            try:
                return self._row[name]
            except KeyError:
                message = f"a connection has no {name!r}{nearest(name, dir(self))}"
                raise AttributeError(message) from None

    def __dir__(self) -> list[str]:
        """List the columns too."""
        return [*super().__dir__(), *self._row]

    def to_dict(self) -> dict[str, Any]:
        """Give all columns.

        >>> import finrst
        >>> one = finrst.conversation("> S, < R.").connection(0)
        >>> one.to_dict()["ending"]
        'handshake_refused'
        """
        return dict(self._row)

    @property
    def names(self) -> dict[str, dict[str, str]]:
        """The names of its client and server as far as they are known, and who says so.

        >>> import finrst
        >>> finrst.conversation("> S, < S., > ., > P. get=a.example, < R.").connection(0).names
        {'server': {'name': 'a.example', 'source': 'server_name'}}
        """
        names = self._ends.names.items()
        return {side: {"name": name.text, "source": name.source} for side, name in names}

    @property
    def teardowns(self) -> list[dict[str, Any]]:
        """Its FIN and RST segments: rows of ``teardowns``, in packet order.

        >>> import finrst
        >>> one = finrst.conversation("> S, < R.").connection(0)
        >>> [segment["flags"] for segment in one.teardowns]
        ['RST,ACK']
        """
        if isinstance(self._teardowns, list):
            return [dict(row) for row in self._teardowns]
        return self._teardowns.find_all("connection_id", self._row["connection_id"])

    def __getstate__(self) -> tuple[str, dict[str, Any]]:
        """Pickle its own teardowns, and not those of the whole capture."""
        version, attributes = super().__getstate__()
        return version, {**attributes, "_teardowns": self.teardowns}

    def explain(self) -> Explanation:
        """Tell why it ended: what happened, what speaks for and against it, what to check next.

        >>> import finrst
        >>> one = finrst.conversation("> S, < S. +150ms, > R").connection(0)
        >>> print(one.explain().evidence[0])
        The client waited 160 ms from its first SYN to its reset (packet 3)
        """
        known = {cause["name"]: cause for cause in causes()}
        return explain(self._row, self.teardowns, known, self._ends)

    @property
    def wireshark_filter(self) -> str:
        """A display filter that selects this connection, by addresses, ports and extent.

        In a capture of one file the extent is the range of its packet numbers, else its time.

        >>> import finrst
        >>> one = finrst.conversation("> S, < R.").connection(0)
        >>> one.wireshark_filter
        'ip.addr == 192.0.2.1 && ip.addr == 198.51.100.1 && tcp.port == 443 && ...'
        """
        row = self._row
        family = "ip" if row["ip_version"] == 4 else "ipv6"  # noqa: PLR2004
        ports = {row["client_port"], row["server_port"]}
        ips = {row["client_ip"], row["server_ip"]}
        parts = [f"{family}.addr == {ip}" for ip in sorted(ips)]
        parts += [f"tcp.port == {port}" for port in sorted(ports)]
        if self._single_file:
            extent = ("frame.number", row["first_packet"], row["last_packet"])
        else:
            begin, end = (f"{row[name]:%Y-%m-%d %H:%M:%S.%f}" for name in ("start", "end"))
            extent = ("frame.time_utc", f'"{begin}"', f'"{end}999"')
        name, first, last = extent
        return " && ".join([*parts, f"{name} >= {first}", f"{name} <= {last}"])

    @property
    def community_id(self) -> str:
        """The Community ID, by which other tools name a flow of these addresses and ports.

        >>> import finrst
        >>> one = finrst.conversation("> S, < R.").connection(0)
        >>> one.community_id
        '1:...='
        """
        row = self._row
        return community_id(
            row["client_ip"], row["client_port"], row["server_ip"], row["server_port"]
        )

    def __repr__(self) -> str:
        """Say who talked to whom and how it ended."""
        row = self._row
        client = endpoint(row["client_ip"], row["client_port"])
        server = endpoint(row["server_ip"], row["server_port"])
        ended = "" if row["ended_by"] == "none" else f", ended by {row['ended_by']}"
        sure = f" ({certainty(row['confidence'])})" if row["confidence"] else ""
        return (
            f"<finrst.Connection {row['connection_id']}: {client} > {server}: "
            f"{row['ending']}{ended}, {row['cause']}{sure}>"
        )

    def _repr_html_(self) -> str:
        return portrait.html(self._row, self._ends, self.explain(), self._zone)
