"""Which name an address has: the one place that decides it, for every face."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from finrst._base.places import Name, host_name, place
from finrst._base.text import endpoint

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable

    from .table import Table

    # Gives for a server's address the names that its clients called it by, most frequent first.
    Called = Callable[[str], Iterable[str]]

_FEW = 32
"""Addresses that are looked for one by one."""
_MOST = 64
"""Names of one server that are counted."""
_PAIRS = 1 << 17
"""Servers and names that are counted at once; the rarest have none beyond it."""


class Ends(NamedTuple):
    """Both ends of a connection, as they are written."""

    client: str
    server: str
    names: dict[str, Name]
    """Those that are known, by side."""

    @property
    def told(self) -> tuple[str, ...]:
        """Where their names come from, in a sentence; nothing without names.

        >>> Ends("a (192.0.2.1:9)", "192.0.2.2:80 (http)", {"client": Name("a", "hosts")}).told
        ('Names: the client is a by the hosts file.',)
        """
        told = "; ".join(f"the {side} is {name.told}" for side, name in self.names.items())
        return (f"Names: {told}.",) if told else ()


class _Told(NamedTuple):
    """One name that was told of an address."""

    name: str
    source: str
    client: str | None
    """Whom a DNS answer told it."""
    when: dt.datetime | None


class _Called:
    """What clients called the servers in a table of connections."""

    def __init__(self, connections: Table) -> None:
        self._connections = connections
        self._asked = 0
        self._all: dict[str, list[str]] | None = None

    def __call__(self, ip: str) -> list[str]:
        """Look for one address; who asks for many has them all counted at once."""
        self._asked += 1
        if self._asked <= _FEW:
            found = self._connections.counts("server_name", only={"server_ip": [ip]}, top=_MOST)
            return [name for name, _ in found if name is not None]
        if self._all is None:
            self._all = {}
            for server, name, _ in self._connections.counts("server_ip", "server_name", top=_PAIRS):
                if name is not None:
                    self._all.setdefault(server, []).append(name)
        return self._all.get(ip, [])


class Naming:
    """The names of a capture's addresses, and addresses written with them.

    The order: what the user said (``hosts=``); what the client called the server (TLS server name
    or HTTP host), of a connection its own client, of an address most of its clients; what DNS
    answers of the capture said, of a connection the latest that told this client; name resolution
    blocks. A name is what somebody said: no verdict rests on one. Nothing is looked up.

    >>> import finrst
    >>> cap = finrst.conversation("> S, < S., > ., > P. hello=a.example, < R.")
    >>> cap.naming.host("198.51.100.1"), cap.naming.host("192.0.2.1")
    ('a.example (198.51.100.1)', '192.0.2.1')
    """

    def __init__(self, called: Called, names: Table) -> None:
        """Take what tells the names that clients used, and the table of those that were told."""
        self._called = called
        self._table = names
        self._told: dict[str, list[_Told]] | None = None
        self._known: dict[str, Name | None] = {}

    @classmethod
    def of_table(cls, connections: Table, names: Table) -> Naming:
        """Take the names from a table of connections and that of names.

        Where the columns were not asked for that tell what clients called their servers, those of
        names alone.
        """
        if {"server_ip", "server_name"} <= set(connections.column_names):
            return cls(_Called(connections), names)
        return cls(lambda _: (), names)

    def of(self, ip: str) -> Name | None:
        """Name an address, whoever talks to it.

        >>> import finrst
        >>> finrst.conversation("> S, < R.").naming.of("198.51.100.1") is None
        True
        """
        if ip not in self._known:
            said = self._said(ip, "hosts")
            self._known[ip] = said or self._by_clients(ip) or self._by_others(ip)
        return self._known[ip]

    def of_server(self, row: dict[str, Any]) -> Name | None:
        """Name the server of a connection: as this client called it or was told, if it was.

        >>> import finrst
        >>> cap = finrst.conversation("> S, < S., > ., > P. get=a.example, < R.")
        >>> cap.naming.of_server(cap.connection(0).to_dict()).told
        "a.example by the client's TLS server name or HTTP host"
        """
        ip, own = row["server_ip"], host_name(row.get("server_name") or "")
        said = self._said(ip, "hosts")
        if said or own:
            return said or Name(own, "server_name")
        return self._by_answer(ip, row["client_ip"], row["start"]) or self.of(ip)

    def of_client(self, row: dict[str, Any]) -> Name | None:
        """Name the client of a connection.

        >>> import finrst
        >>> cap = finrst.conversation("> S, < R.")
        >>> cap.naming.of_client(cap.connection(0).to_dict()) is None
        True
        """
        return self.of(row["client_ip"])

    def _of_address(self, ip: str) -> list[_Told]:
        """Give what was told of an address, in the order of the table: by source, then time."""
        if self._told is None:
            columns = ("address", "name", "source", "client_ip", "first_seen")
            self._told = {}
            for address, *told in zip(*(self._table[name] for name in columns), strict=True):
                self._told.setdefault(address, []).append(_Told(*told))
        return self._told.get(ip, [])

    def _said(self, ip: str, source: str) -> Name | None:
        names = dict.fromkeys(told.name for told in self._of_address(ip) if told.source == source)
        return Name(next(iter(names)), source, len(names) - 1) if names else None

    def _by_clients(self, ip: str) -> Name | None:
        names = dict.fromkeys(host_name(name) for name in self._called(ip))
        names.pop("", None)
        return Name(next(iter(names)), "server_name", len(names) - 1) if names else None

    def _by_others(self, ip: str) -> Name | None:
        return self._said(ip, "dns") or self._said(ip, "name_block")

    def _by_answer(self, ip: str, client: str, start: dt.datetime) -> Name | None:
        """Name it as the latest DNS answer did that told this client, before it began."""
        own = [told for told in self._of_address(ip) if told.when and told.client == client]
        before = [told for told in own if told.when and told.when <= start]
        return Name(before[-1].name, "dns") if before else None

    def ends(self, row: dict[str, Any]) -> Ends:
        """Write both ends of a connection.

        >>> import finrst
        >>> cap = finrst.conversation("> S, < S., > ., > P. hello=a.example, < R.")
        >>> ends = cap.naming.ends(cap.connection(0).to_dict())
        >>> ends.server, *ends.told
        ('a.example (198.51.100.1:443, https)', "Names: the server is a.example by ...")
        """
        sides = (("client", self.of_client(row)), ("server", self.of_server(row)))
        names = {side: name for side, name in sides if name}
        return Ends(self.client(row), self.server(row), names)

    def told(self, row: dict[str, Any]) -> dict[str, Any]:
        """Give a row of connections with both ends as they are written, ``client``, ``server``.

        >>> import finrst
        >>> cap = finrst.conversation("> S, < R.")
        >>> cap.naming.told(cap.connection(0).to_dict())["server"]
        '198.51.100.1:443 (https)'
        """
        return {**row, "client": self.client(row), "server": self.server(row)}

    def host(self, ip: str) -> str:
        """Write an address with its name.

        >>> import finrst
        >>> finrst.conversation("> S, < R.").naming.host("198.51.100.1")
        '198.51.100.1'
        """
        return place(ip, None, self.of(ip))

    def service(self, ip: str, port: int) -> str:
        """Write the address and port of a service with its name.

        >>> import finrst
        >>> finrst.conversation("> S, < R.").naming.service("198.51.100.1", 443)
        '198.51.100.1:443 (https)'
        """
        return place(ip, port, self.of(ip))

    def server(self, row: dict[str, Any]) -> str:
        """Write the server of a connection.

        >>> import finrst
        >>> cap = finrst.conversation("> S, < S., > ., > P. hello=a.example, < R.")
        >>> cap.naming.server(cap.connection(0).to_dict())
        'a.example (198.51.100.1:443, https)'
        """
        return place(row["server_ip"], row["server_port"], self.of_server(row))

    def client(self, row: dict[str, Any]) -> str:
        """Write the client of a connection; its port is no service's.

        >>> import finrst
        >>> cap = finrst.conversation("> S, < R.")
        >>> cap.naming.client(cap.connection(0).to_dict())
        '192.0.2.1:40000'
        """
        name, where = self.of_client(row), endpoint(row["client_ip"], row["client_port"])
        return where if name is None else f"{name} ({where})"
