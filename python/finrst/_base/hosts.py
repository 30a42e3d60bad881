"""A file of names for addresses, in the form of ``/etc/hosts``."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path

from .places import LONGEST
from .text import printable

Hosts = str | os.PathLike[str] | Mapping[str, str]
"""A file in the form of ``/etc/hosts``, or names by their addresses."""

_MOST = 65_536
"""Addresses that are named at most, as many as the engine keeps."""
_LONGEST_FILE = 64 << 20


def hosts(source: Hosts) -> list[tuple[str, str]]:
    """Read addresses with their names; the first name of an address holds.

    Raises ``ValueError`` with the number of the line where it is not as it should be.

    >>> hosts({"192.0.2.1": "mail", "2001:DB8::1": "web"})
    [('192.0.2.1', 'mail'), ('2001:db8::1', 'web')]
    """
    found: dict[str, str] = {}
    if isinstance(source, Mapping):
        for address, name in source.items():
            _add(found, str(address), str(name), "hosts")
        return list(found.items())
    path = Path(source)
    if path.stat().st_size > _LONGEST_FILE:
        message = f"{path}: more than {_LONGEST_FILE >> 20} MiB is no hosts file"
        raise ValueError(message)
    # What a Windows editor puts at the beginning belongs to no address.
    text = path.read_bytes().decode("utf-8-sig", "surrogateescape")
    for number, line in enumerate(text.split("\n"), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        where = f"{path}, line {number}"
        if len(words) == 1:
            _address(words[0], where)
            message = f"{where}: {printable(words[0], 60)!r} has no name behind it"
            raise ValueError(message)
        _add(found, words[0], words[1], where)
    return list(found.items())


def _add(found: dict[str, str], address: str, name: str, where: str) -> None:
    known = _address(address, where)
    if not name or len(name) > LONGEST or not name.isprintable() or " " in name:
        message = f"{where}: not a name: {printable(name, 60)!r}"
        raise ValueError(message)
    found.setdefault(known, name)
    if len(found) > _MOST:
        message = f"{where}: names for more than {_MOST:,} addresses"
        raise ValueError(message)


def _address(text: str, where: str) -> str:
    try:
        # A link's own addresses may have its name behind them, as in fe80::1%eth0.
        known = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        message = f"{where}: not an address: {printable(text, 60)!r}"
        raise ValueError(message) from None
    mapped = getattr(known, "ipv4_mapped", None)
    return str(mapped or known)
