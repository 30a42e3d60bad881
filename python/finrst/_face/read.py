"""Reading captures."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn, Self, Unpack

from finrst import _native
from finrst._base import pickles as _pickle
from finrst._base.progress import Bar, follow
from finrst._base.source import Source, sources
from finrst._base.text import printable
from finrst._base.times import zone
from finrst._errors import CaptureWarning
from finrst._tables.table import Table

from .capture import Capture
from .options import settings
from .origin import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from os import PathLike

    from finrst._base.progress import Progress
    from finrst._base.times import Zone

    from .declared import Options


# What each status says; "complete" and "empty" need no words.
_STATUS = {
    "truncated_tail": "its end is cut, as while it is still being written",
    "recovered": "damaged records were passed over",
    "corrupt": "damaged, and nothing could be read behind the damage",
    "limit": "a limit stopped the reading",
    "io_error": "the system failed to read on",
    "reading": "not read to its end",
}


def warn(files: Table, stacklevel: int) -> None:
    """Warn of files that were not read as they should be."""
    for row in files:
        said = _STATUS.get(row["status"])
        if said is not None:
            where = "" if row["stopped_at"] is None else f", byte offset {row['stopped_at']}"
            text = f"{printable(row['file'])}: {said} (after packet {row['packets']}{where})"
            warnings.warn(text, CaptureWarning, stacklevel=stacklevel)


def read(  # noqa: PLR0913 - each has its default
    source: Source,
    /,
    *,
    progress: Progress = "auto",
    tz: Zone = "UTC",
    storage_options: Mapping[str, Any] | None = None,
    resume: str | PathLike[str] | None = None,
    save: str | PathLike[str] | None = None,
    **options: Unpack[Options],
) -> Capture:
    """Read a capture to its end and judge every connection in it.

    ``source`` is a path, a directory (its capture files; with
    ``recursive=True`` also those of directories in it), a pattern, the URL of any of these in an
    object store (``s3://bucket/2026-11-*/**``, ``gs://``, ``az://``, what fsspec knows), a web
    address, ``"-"`` (standard input), bytes, a binary file object, or a list of these; several are
    one capture, merged by time (``issues`` tells of files that share some, or were named in another
    order). ``storage_options`` go to the library that reads a store: obstore, fsspec, or of the web
    ``{"headers": {...}, "timeout": 30}``. Credentials are its own business; they, and the query of
    a URL, are never in a table, a message or a pickle.
    A file object is read on the calling thread where that is the main one, else on one of its own.
    pcap and pcapng, plain or compressed (gzip, zstd, xz, lz4, bzip2), are recognised by content.
    ``progress`` shows a bar on long readings. ``tz`` is the time zone in which times are shown
    (:attr:`Capture.tz`) and in which ``start`` and ``end`` are that say none: an IANA name,
    ``"local"``, ``"UTC"``, an offset, or a ``tzinfo``. The options are those of :class:`Options`;
    the most used are ``filter="host 10.0.0.5 and port 443"``, ``start="+30s"``, ``end=...`` and
    ``strict``.

    ``columns=["client_ip", "cause"]`` makes these columns alone, in this order, of
    :attr:`Capture.connections` and :attr:`Capture.teardowns`: a name picks from both tables, and a
    mapping (``{"connections": [...], "teardowns": [...]}``, a table that it leaves out has none)
    from each. A table of which nothing is asked has neither columns nor rows. What nobody asks for
    is not worked out: without ``cause`` and its like (``finrst.columns()``, group Verdict, and
    ``ended_by``) nothing is judged. What :meth:`Capture.packets` needs is kept beside them;
    whatever else needs other columns (:meth:`Capture.connection`, findings, plots, a report) reads
    the source once more, whole, the first time it is asked for.

    With ``save``, connections that are still followed at the end are no rows: they go into that
    file, with all that is needed to go on, and are rows of the reading that is told to ``resume``
    from it and sees their end (or that saves nothing). The rows of both are those of one reading of
    both captures: their numbers go on. Accounts (``ledger``, ``files``, ``interfaces``,
    ``issues``) are those of the captures that are read here. The manual's page "Day by day" has
    it all.

    Raises ``ValueError`` for a column that is not known, and says which was meant;
    :exc:`CaptureError` for what is no capture, :exc:`FilterError` for a filter that cannot
    be read, and ``OSError`` (``FileNotFoundError``, ...) when the system refuses;
    :exc:`StateError` for a state that is none, is damaged, was saved with another version, rule set
    or options, or of a capture that ended more than a minute after this one begins. What is damaged
    or cut is kept as far as it goes, with a :exc:`CaptureWarning` and a row in ``issues``. Ctrl-C
    stops at once.

    >>> import finrst
    >>> cap = finrst.read("tests/data/demo.pcap", filter="port 4001")
    >>> cap.connection(0)
    <finrst.Connection 0: 10.77.0.1:43094 > 10.77.0.2:4001: handshake_refused, ended by server, ...>
    >>> cap = finrst.read("tests/data/demo.pcap", columns=["server_port", "cause"])
    >>> cap.connections[0], cap.teardowns.column_names
    ({'server_port': 4001, 'cause': 'port_closed'}, ['cause'])
    """
    where = zone(tz)
    native = settings(options, where)
    items, opened = sources(source, storage_options, recursive=native.get("recursive", False))
    bar = Bar(progress)
    try:
        # What is let go for want of room hangs on it: packets() must let go of the same.
        native["seed"] = int.from_bytes(os.urandom(8))
        if resume is not None:
            native["resume"] = str(Path(resume).absolute())
        if save is not None:
            native["leave"] = True
        # What is read again goes on from the state as it is now.
        states = Origin.states(native)
        saved = {} if save is None else {"save": str(Path(save).absolute())}
        reading = _native.Reading(items, native | saved)
        follow(reading.step, bar.callback)
        paths = reading.paths()
        tables, carried = reading.tables()
    finally:
        bar.close()
        _close(opened)
    warn(Table(tables["files"], "files"), 3)
    return Capture(tables, Origin.of(items, paths, native, states), where, carried)


def scan(
    source: Source,
    /,
    *,
    progress: Progress = "auto",
    tz: Zone = "UTC",
    storage_options: Mapping[str, Any] | None = None,
    **options: Unpack[Options],
) -> Scan:
    """Go through a capture in bounded memory; the rows come out while it is read.

    Source and options, ``columns`` too, are those of :func:`read` (``tz`` is for ``start`` and
    ``end``: tables are in UTC). Each step gives a pair of tables: connections
    that were let go (over, idle, or at the end), in order of release, and their teardown segments.

    A cause that rests on other connections (:func:`read` knows them all when it judges) is judged
    with those of the pairs before and of the same pair, which is full at 8,192 connections or
    65,536 FIN and RST segments: never with what comes later, and the same for any number of
    threads and any pace of reading. So an end that many connections share may go by its mechanism
    at the end of one pair and have its occasion in the next.

    >>> import finrst
    >>> for connections, teardowns in finrst.scan("tests/data/demo.pcap"):
    ...     print(len(connections), len(teardowns))
    25 32
    """
    given = settings(options, zone(tz))
    items, opened = sources(source, storage_options, recursive=given.get("recursive", False))
    try:
        native = _native.Scan(items, given)
    except BaseException:
        _close(opened)
        raise
    return Scan(native, opened, progress)


def _close(opened: list[BinaryIO]) -> None:
    for file in opened:
        file.close()


class Scan:
    """One pass over a capture; made by :func:`scan`.

    Iterate over it for pairs of tables, or hand :attr:`connections` or :attr:`teardowns` to an
    Arrow consumer, which then reads to the end by itself. It can be used once. It is a context
    manager; leaving it lets go of the files.

    >>> import finrst
    >>> with finrst.scan("tests/data/demo.pcap") as scan:
    ...     print(sum(len(teardowns) for _, teardowns in scan))
    32
    """

    def __init__(self, native: _native.Scan, opened: list[BinaryIO], progress: Progress) -> None:
        """Wrap a native scan; made by finrst, not by hand."""
        self._native = native
        self._opened = opened
        self._bar = Bar(progress)
        self._tables: dict[str, Table] | None = None

    def __iter__(self) -> Iterator[tuple[Table, Table]]:
        """Go through the pairs."""
        return self

    def __next__(self) -> tuple[Table, Table]:
        """Give the next pair of tables."""
        if self._tables is None:
            try:
                pair = self._next()
            except BaseException:
                self._bar.close()
                raise
            if pair is not None:
                return Table(pair[0], "connections"), Table(pair[1], "teardowns")
            self._end(3)
        raise StopIteration

    def _next(self) -> tuple[_native.Table, _native.Table] | None:
        tell = self._bar.callback
        while (found := self._native.next(tell is not None)) is not None:
            if len(found) == 2:  # noqa: PLR2004 - a pair; else how far it has come
                return found
            if tell is not None:
                tell(*found)
        return None

    def turn(self) -> tuple[Table, Table] | tuple[None, None] | None:
        """Read on for the packets at hand, or wait for some; for captures that are still growing.

        Gives a pair of tables when enough connections were let go, a pair of ``None`` when not,
        and ``None`` at the end. :meth:`so_far` tells of the others in between.

        >>> import finrst
        >>> scan, rows = finrst.scan("tests/data/demo.pcap"), 0
        >>> while (turn := scan.turn()) is not None:
        ...     rows += len(turn[0] or ())
        >>> rows
        25
        """
        if self._tables is not None:
            return None
        turn = self._native.turn()
        if turn is None:
            self._end(3)
            return None
        if turn[0] is None or turn[1] is None:
            return None, None
        return Table(turn[0], "connections"), Table(turn[1], "teardowns")

    def so_far(self, most: int = 10_000) -> tuple[int, dict[str, Table]] | None:
        """Tell what could be said if the capture ended here; ``None`` once it has ended.

        Gives how many connections are followed, and tables: ``files``, ``ledger``, ``interfaces``,
        ``issues`` and ``names``, and unless there are more than ``most`` followed ones,
        ``connections`` and ``teardowns`` with what they would be. Rows that were handed out are
        not among them.

        >>> import finrst
        >>> scan = finrst.scan("tests/data/demo.pcap")
        >>> scan.turn()
        (None, None)
        >>> followed, tables = scan.so_far()
        >>> followed == len(tables["connections"])
        True
        """
        found = None if self._tables is not None else self._native.so_far(most)
        if found is None:
            return None
        return found[0], {name: Table(native, name) for name, native in found[1].items()}

    def _end(self, stacklevel: int) -> None:
        accounts = self._native.accounts()
        self._tables = {name: Table(native, name) for name, native in accounts.items()}
        self.close()
        warn(self._tables["files"], stacklevel + 1)

    def empty(self) -> tuple[Table, Table]:
        """Give a pair of tables without rows, for their columns.

        >>> import finrst
        >>> finrst.scan("tests/data/demo.pcap").empty()[1]
        <finrst.Table teardowns: 0 rows, ... columns>
        """
        names = ("connections", "teardowns")
        connections, teardowns = (Table(self._native.empty(name), name) for name in names)
        return connections, teardowns

    @property
    def connections(self) -> Stream:
        """The connections not yet handed out, for an Arrow consumer; the teardowns are let go.

        >>> import finrst, polars
        >>> polars.DataFrame(finrst.scan("tests/data/demo.pcap").connections).height
        25
        """
        return Stream(self._native, "connections")

    @property
    def teardowns(self) -> Stream:
        """The teardowns not yet handed out, for an Arrow consumer; the connections are let go.

        >>> import finrst, polars
        >>> polars.DataFrame(finrst.scan("tests/data/demo.pcap").teardowns).height
        32
        """
        return Stream(self._native, "teardowns")

    def table(self, which: str) -> Table:
        """Give ``ledger``, ``interfaces``, ``issues``, ``files``, ``names``, once it is at its end.

        Raises ``ValueError`` before, and for any other name.

        >>> import finrst
        >>> scan = finrst.scan("tests/data/demo.pcap")
        >>> sum(len(connections) for connections, _ in scan)
        25
        >>> scan.table("files")["status"]
        ['complete']
        """
        if self._tables is None:
            message = "the scan is not at its end yet"
            raise ValueError(message)
        try:
            return self._tables[which]
        except KeyError:
            message = f"no table {which!r}: one of {', '.join(self._tables)}"
            raise ValueError(message) from None

    def close(self) -> None:
        """Let go of the files.

        >>> import finrst
        >>> finrst.scan("tests/data/demo.pcap").close()
        """
        self._bar.close()
        self._native.close()
        _close(self._opened)

    def __enter__(self) -> Self:
        """Enter a block that closes it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def __reduce__(self) -> NoReturn:
        """Say why not."""
        _pickle.refuse("Scan")

    def __repr__(self) -> str:
        """Say what it is."""
        return "<finrst.Scan>"


class Stream:
    """Rows of a scan that an Arrow consumer pulls, once.

    As ``pyarrow.RecordBatchReader.from_stream``, ``duckdb`` or ``polars.DataFrame`` do. An error
    during the pull comes out as the consumer's own.

    >>> import duckdb, finrst
    >>> rows = finrst.scan("tests/data/demo.pcap").connections
    >>> duckdb.sql("select count(*) from rows where ending = 'reset'").fetchall()
    [(7,)]
    """

    def __init__(self, native: _native.Scan, which: str) -> None:
        """Wrap a native scan; made by finrst, not by hand."""
        self._native = native
        self._which = which

    def __reduce__(self) -> NoReturn:
        """Say why not."""
        _pickle.refuse("Stream")

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Hand the rows to a consumer of the Arrow PyCapsule protocol."""
        del requested_schema  # a wish that the protocol allows to leave unanswered
        return self._native.stream(self._which)

    def __arrow_c_schema__(self) -> object:
        """Hand the schema to a consumer of the Arrow PyCapsule protocol."""
        return self._native.empty(self._which).__arrow_c_schema__()
