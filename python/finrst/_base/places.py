"""Addresses with the names that people know: the one form in which every face writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .services import service
from .text import endpoint, plural, printable

LONGEST = 253
"""Characters of a host name at most (RFC 1035 section 2.3.4)."""
SOURCES = {
    "hosts": "the hosts file",
    "server_name": "the client's TLS server name or HTTP host",
    "dns": "a DNS answer in the capture",
    "name_block": "a name resolution block of the capture",
}
"""Where a name can come from, most trusted first."""

_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?")
_NUMBERS = re.compile(r"[0-9.]+|0[xX][0-9a-fA-F]+")


@dataclass(frozen=True)
class Name:
    """A name of an address."""

    text: str
    """The name, as its source has it."""
    source: str
    """A word of :data:`SOURCES`."""
    others: int = 0
    """How many other names the same source has for the address."""

    def __str__(self) -> str:
        """Write it so that nothing obeys it.

        >>> str(Name("a.example", "dns")), str(Name("a.example", "server_name", 2))
        ('a.example', 'a.example and 2 others')
        """
        others = f" and {plural(self.others, 'other')}" if self.others else ""
        return printable(self.text, LONGEST) + others

    @property
    def told(self) -> str:
        """Say where it comes from.

        >>> Name("a.example", "dns").told
        'a.example by a DNS answer in the capture'
        """
        return f"{self} by {SOURCES[self.source]}"


def host_name(text: str) -> str:
    """Take a host name out of what packets call a server: without a port, nothing if it is none.

    Letters, digits, hyphens, underscores and dots; no address, which would be taken for another
    host's.

    >>> host_name("Example.com:8080"), host_name("10.0.0.1"), host_name("x) was reset by (y")
    ('Example.com', '', '')
    """
    name = text.rsplit(":", 1)[0] if text.count(":") == 1 else text
    if len(name) > LONGEST or not _HOST.fullmatch(name) or _NUMBERS.fullmatch(name):
        return ""
    return name.rstrip(".")


def place(ip: str, port: int | None = None, name: Name | None = None) -> str:
    """Write an address, with its port, with its name and service where they are known.

    >>> place("10.0.0.1", 4001), place("10.0.0.1", 443), place("::1", 80)
    ('10.0.0.1:4001', '10.0.0.1:443 (https)', '[::1]:80 (http)')
    >>> name = Name("a.example", "dns")
    >>> place("192.0.2.7", 443, name), place("192.0.2.7", None, name)
    ('a.example (192.0.2.7:443, https)', 'a.example (192.0.2.7)')
    """
    where = ip if port is None else endpoint(ip, port)
    known = "" if port is None else service(port)
    if name is not None:
        return f"{name} ({where}{known and ', ' + known})"
    return f"{where} ({known})" if known else where
