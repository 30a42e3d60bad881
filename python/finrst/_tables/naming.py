"""Which name an address has: the one place that decides it, for every face."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from finrst._base.places import Name, host_name, place
from finrst._base.text import endpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .table import Table

    # Gives for a server's address the names that its clients called it by, most frequent first.
    Called = Callable[[str], Iterable[str | None]]


class Ends(NamedTuple):
    """Both ends of a connection, as they are written."""

    client: str
    server: str
    told: tuple[str, ...]
    """Where their names come from, a sentence each."""


class Naming:
    """The names of a capture's addresses, and addresses written with them.

    The order: what the client called the server (TLS server name, HTTP host). Nothing is looked
    up anywhere else.

    >>> import finrst
    >>> cap = finrst.conversation("> S, < S., > ., > P. hello=a.example, < R.")
    >>> cap.naming.host("198.51.100.1"), cap.naming.host("192.0.2.1")
    ('a.example (198.51.100.1)', '192.0.2.1')
    """

    def __init__(self, called: Called) -> None:
        """Take what tells the names that clients used."""
        self._called = called
        self._known: dict[str, Name | None] = {}

    @classmethod
    def of_table(cls, connections: Table) -> Naming:
        """Take the names from a table of connections."""

        def called(ip: str) -> list[str | None]:
            found = connections.counts("server_name", only={"server_ip": [ip]}, top=_MOST)
            return [name for name, _ in found]

        return cls(called)

    def of(self, ip: str) -> Name | None:
        """Name an address, whoever talks to it.

        >>> import finrst
        >>> finrst.conversation("> S, < R.").naming.of("198.51.100.1") is None
        True
        """
        if ip not in self._known:
            self._known[ip] = self._by_clients(ip)
        return self._known[ip]

    def _by_clients(self, ip: str) -> Name | None:
        names = dict.fromkeys(host_name(name) for name in self._called(ip) if name)
        names.pop("", None)
        return Name(next(iter(names)), "server_name", len(names) - 1) if names else None

    def of_server(self, row: dict[str, Any]) -> Name | None:
        """Name the server of a connection: as this client called it, if it did.

        >>> import finrst
        >>> cap = finrst.conversation("> S, < S., > ., > P. get=a.example, < R.")
        >>> cap.naming.of_server(cap.connection(0).to_dict()).told
        "a.example by the client's TLS server name or HTTP host"
        """
        name = host_name(row.get("server_name") or "")
        return Name(name, "server_name") if name else self.of(row["server_ip"])

    def of_client(self, row: dict[str, Any]) -> Name | None:
        """Name the client of a connection.

        >>> import finrst
        >>> cap = finrst.conversation("> S, < R.")
        >>> cap.naming.of_client(cap.connection(0).to_dict()) is None
        True
        """
        return self.of(row["client_ip"])

    def ends(self, row: dict[str, Any]) -> Ends:
        """Write both ends of a connection.

        >>> import finrst
        >>> cap = finrst.conversation("> S, < S., > ., > P. hello=a.example, < R.")
        >>> ends = cap.naming.ends(cap.connection(0).to_dict())
        >>> ends.server, *ends.told
        ('a.example (198.51.100.1:443, https)', "The server is called a.example by ...")
        """
        sides = (("client", self.of_client(row)), ("server", self.of_server(row)))
        told = tuple(f"The {side} is called {name.told}." for side, name in sides if name)
        return Ends(self.client(row), self.server(row), told)

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


_MOST = 64
"""Names of one server that are counted."""
