"""The options of a reading as a typed dictionary.

Made from the declared options by ``tests/python/typed_options.py``; not written by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from finrst._base.hosts import Hosts
    from finrst._base.units import Duration, Moment, Size
    from finrst._tables.choice import Columns


class Options(TypedDict, total=False):
    """What :func:`read` and :func:`scan` take beside the source; all of it is optional.

    :func:`finrst.options` lists them with their defaults.

    >>> import finrst
    >>> options: finrst.Options = {"filter": "port 4001", "start": "+0s", "strict": True}
    >>> len(finrst.read("tests/data/demo.pcap", **options))
    1
    """

    filter: str | None
    """Packets that take part, as for tcpdump: 'host 10.0.0.5 and port 443' (addresses, networks
    and ports; not flags)."""
    start: Moment | None
    """First moment: 2026-11-24T15:00:00Z, or +30s. In Python a `datetime` too; +30s is after
    the first packet."""
    end: Moment | None
    """First moment that takes no part any more."""
    columns: Columns | None
    """Columns that are made of connections and of their FIN and RST segments, in this order;
    what nobody asks for is not worked out. A list of names, each of either table or of both, or
    a mapping of the tables to lists (None: all of a table). A table of which nothing is asked
    has neither columns nor rows. `finrst.columns()` lists them."""
    linger: Duration | None
    """Capture time after which a connection that is over is let go."""
    handshake_timeout: Duration | None
    """The same for a handshake that never completed."""
    half_closed_timeout: Duration | None
    """The same for a connection closed by one side."""
    idle_timeout: Duration | None
    """The same for any other."""
    memory_limit: Size | None
    """Memory for connections that are followed, as in 1GiB; beyond it those that were silent
    longest come out early. Their `release` is `evicted`. Rows already made are not in it. 2 GiB
    in `scan`; without a limit in `read`, which raises `MemoryError` where the system gives no
    more."""
    max_uncompressed_bytes: Size | None
    """Bytes that each compressed file may unpack to."""
    chunk: Size | None
    """Bytes read at a time; never changes a row."""
    threads: int | None
    """Threads that may be used; never changes a row. As many as there are processors (8 at
    most) unless told. `read` follows connections on them (with a `memory_limit` on one), tables
    are made on all; with more than one, another reads and decompresses files, and of several
    files on this machine as many are decoded at once as there are threads."""
    recursive: bool
    """Enter directories within directories that are named, too (links to them are not
    followed)."""
    resync: bool
    """Look for packets behind damage in a classic pcap too (of pcapng they always are): three
    record headers in a row that make sense. The file's `status` is then `recovered` and
    `issues` says where; bytes of a payload may be taken for packets."""
    strict: bool
    """Refuse captures that are cut short or damaged. Raises `CaptureError`."""
    parameters: Mapping[str, float] | None
    """Thresholds of the causes, by name. `finrst.parameters()` lists them."""
    hosts: Hosts | None
    """Names of addresses, in a file in the form of /etc/hosts. In Python a dict of names by
    address, too. They stand before the names that packets give; nothing is looked up
    anywhere."""
