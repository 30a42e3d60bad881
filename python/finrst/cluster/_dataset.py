"""The result of a reading on many workers: Parquet files in a directory, and what they tell."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import os
from typing import TYPE_CHECKING, Any

from finrst import _native
from finrst._base.extras import need
from finrst._base.paint import PLAIN, Paint
from finrst._base.text import nearest, plural, printable
from finrst._face.check import warn_of_changes
from finrst._face.rows import no_connection
from finrst._files.places import OnDisk, place
from finrst._story import summary as _summary
from finrst._story.connection import Connection
from finrst._story.tally import Tally
from finrst._tables.items import by_numbers
from finrst._tables.table import Table

from . import _check, _parts
from ._record import ACCOUNTS, NAME, PARTED, Record, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import dask.dataframe as dd

    from finrst._files.places import Place
    from finrst._story.finding import Findings
    from finrst._tables.naming import Naming


class Dataset:
    """The rows of a capture in a directory; made by :func:`read` and :func:`open`.

    They are those that :func:`finrst.read` gives of the same files, in the same order, in parts of
    bounded size: ``connections`` and ``teardowns`` in one Parquet file for each group of files
    that was read together (:attr:`parts`), the tables about the capture in one each.

    >>> import finrst, tempfile
    >>> ds = finrst.cluster.read("tests/data/demo.pcap", to=tempfile.mkdtemp() + "/endings")
    >>> ds.arrow("connections").num_rows, len(ds.ledger)
    (25, 1)
    """

    def __init__(
        self, place: Place, record: Record, storage_options: Mapping[str, Any] | None = None
    ) -> None:
        """Look at a directory; made by finrst, not by hand."""
        self._place = place
        self._record = record
        self._storage = storage_options

    @property
    def path(self) -> str:
        """The directory, or the URL of the folder.

        >>> import finrst, tempfile
        >>> to = tempfile.mkdtemp() + "/endings"
        >>> finrst.cluster.read("tests/data/demo.pcap", to=to).path == to
        True
        """
        return self._place.name

    def __len__(self) -> int:
        """Count the connections."""
        return self._record.rows("connections")

    def __bool__(self) -> bool:
        """Stay true without connections: there is still a ledger."""
        return True

    @property
    def tz(self) -> dt.tzinfo:
        """The time zone in which times are shown: UTC.

        >>> import finrst, tempfile
        >>> ds = finrst.cluster.read("tests/data/demo.pcap", to=tempfile.mkdtemp() + "/endings")
        >>> print(ds.tz)
        UTC
        """
        return dt.UTC

    # Rows.

    @property
    def connections(self) -> dd.DataFrame:
        """One row per TCP connection, as a DataFrame of Dask; needs the extra ``cluster``.

        Its types are those of ``Table.to_pandas(dtype_backend="pyarrow")``, but for lists, which
        keep their Arrow type; ``date`` is beside them, the day (UTC) on which the files of a part
        begin. Columns and comparisons that are asked for are looked up in the files: parts and
        groups of rows that cannot have them are not read.

        >>> import finrst, tempfile
        >>> ds = finrst.cluster.read("tests/data/demo.pcap", to=tempfile.mkdtemp() + "/endings")
        >>> rows = ds.connections
        >>> int(rows[rows.ending == "reset"].server_bytes.sum().compute())
        6000
        """
        return self._frame("connections")

    @property
    def teardowns(self) -> dd.DataFrame:
        """One row per FIN or RST segment, as a DataFrame of Dask, as :attr:`connections`.

        >>> import finrst, tempfile
        >>> ds = finrst.cluster.read("tests/data/demo.pcap", to=tempfile.mkdtemp() + "/endings")
        >>> len(ds.teardowns)
        32
        """
        return self._frame("teardowns")

    def _frame(self, which: str) -> dd.DataFrame:
        frames, files = need("dask.dataframe", "cluster"), need("pyarrow.fs", "cluster")
        if isinstance(self._place, OnDisk):
            system = files.LocalFileSystem()
        else:
            from . import _arrow

            system = _arrow.system(self._place.name, self._storage)
        # Of a directory Dask takes files in the order in which the system lists them.
        made: dd.DataFrame = frames.read_parquet(
            [one.name for one in self._places(which)],
            filesystem=system,
            arrow_to_pandas={"types_mapper": _mapped},
        )
        return made

    def arrow(
        self,
        which: str = "connections",
        *,
        columns: list[str] | None = None,
        filters: Any = None,
    ) -> Any:
        """Give a table as a ``pyarrow.Table``, whole or some columns or rows of it, in its order.

        Without ``columns`` and ``filters`` it equals ``finrst.read(...).to_arrow(which)``, schema
        and metadata included. ``filters`` are those of ``pyarrow.parquet.read_table``. Raises
        ``ValueError`` when there is no such table or column, ``OSError`` where a file is gone.
        Needs pyarrow.

        >>> import finrst, tempfile
        >>> ds = finrst.cluster.read("tests/data/demo.pcap", to=tempfile.mkdtemp() + "/endings")
        >>> ds.arrow(columns=["ended_by"], filters=[("cause", "==", "port_closed")]).num_rows
        1
        """
        self._known(which)
        names = _parts.schema(which).names
        for name in columns or ():
            if name not in names:
                message = f"{which} has no column '{printable(name)}'" + nearest(name, names)
                raise ValueError(message)
        return _parts.arrow(which, self._places(which), columns, filters)

    def table(self, which: str) -> Table:
        """Give a table, whole, as :func:`finrst.read` gives it; :meth:`arrow` tells the errors.

        >>> import finrst, tempfile
        >>> ds = finrst.cluster.read("tests/data/demo.pcap", to=tempfile.mkdtemp() + "/endings")
        >>> ds.table("teardowns").counts("kind")
        [('rst', 23), ('fin', 9)]
        """
        return _parts.table(which, self.arrow(which), self._sources)

    @functools.cached_property
    def _sources(self) -> _native.Sources:
        """The files that were read, which nothing made of these tables replaces."""
        named = [("path", file.path) for file in self._record.files if os.path.lexists(file.path)]
        return _native.Sources(named)

    def _known(self, which: str) -> None:
        known = (*PARTED, *ACCOUNTS)
        if which not in known:
            message = f"no table {which!r}{nearest(which, known)}: one of {', '.join(known)}"
            raise ValueError(message)

    def places(self, which: str) -> list[Any]:
        """Name the files of a table, in the order of their rows: paths, or URLs of objects.

        >>> import finrst, tempfile
        >>> ds = finrst.cluster.read("tests/data/demo.pcap", to=tempfile.mkdtemp() + "/endings")
        >>> [place.name for place in ds.places("teardowns")]
        ['part-00000.parquet']
        """
        self._known(which)
        return [one.path if isinstance(one, OnDisk) else one.name for one in self._places(which)]

    def _places(self, which: str) -> list[Place]:
        if which in PARTED:
            return [self._place / part for part in self._record.parts(which)]
        return [self._place / f"{which}.parquet"]

    # What is known of the capture.

    @functools.cached_property
    def ledger(self) -> Table:
        """What every packet turned out to be, as :attr:`finrst.Capture.ledger`."""
        return self.table("ledger")

    @functools.cached_property
    def files(self) -> Table:
        """What became of each file, as :attr:`finrst.Capture.files`."""
        return self.table("files")

    @functools.cached_property
    def interfaces(self) -> Table:
        """Where packets were captured, as :attr:`finrst.Capture.interfaces`."""
        return self.table("interfaces")

    @functools.cached_property
    def issues(self) -> Table:
        """Oddities of the capture, as :attr:`finrst.Capture.issues`."""
        return self.table("issues")

    @functools.cached_property
    def names(self) -> Table:
        """Names of addresses, as :attr:`finrst.Capture.names`."""
        return self.table("names")

    @functools.cached_property
    def _tally(self) -> Tally:
        tally = Tally()
        places = zip(self._places("connections"), self._record.runs, strict=True)
        for part, run in places:
            rows = self._record.done[run.number]
            tally.add(
                _parts.table("connections", _parts.arrow("connections", [part])),
                rows["teardowns"],
            )
        return tally

    def _accounts(self) -> dict[str, Table]:
        return {name: getattr(self, name) for name in ACCOUNTS}

    @property
    def naming(self) -> Naming:
        """The names of its addresses, as they are shown everywhere; nothing is looked up.

        >>> import finrst, tempfile
        >>> ds = finrst.cluster.read("tests/data/demo.pcap", to=tempfile.mkdtemp() + "/endings")
        >>> ds.naming.service("10.77.0.2", 443)
        '10.77.0.2:443 (https)'
        """
        return self._tally.naming(self.names)

    def summary(self) -> dict[str, Any]:
        """Give the figures for programs, as ``finrst CAPTURE --json`` prints them.

        The parts are gone through once, one at a time.

        >>> import finrst, tempfile
        >>> ds = finrst.cluster.read("tests/data/demo.pcap", to=tempfile.mkdtemp() + "/endings")
        >>> ds.summary()["ended_by"]["client"]
        7
        """
        return _summary.plain(self._tally, self._accounts())

    def findings(self) -> Findings:
        """Give what happened to many connections at once, as :meth:`finrst.Capture.findings`.

        Their numbers and sentences come from one walk through the parts, of a million connections
        at most. ``Finding.connections`` then reads all rows into memory, and is refused
        (``LookupError``) where there are more than that; ``Finding.example`` reads one.

        >>> import finrst, tempfile
        >>> ds = finrst.cluster.read("tests/data/demo.pcap", to=tempfile.mkdtemp() + "/endings")
        >>> ds.findings()[0].kind
        'injection'
        """
        return self._tally.collector.findings(
            self.naming, self.tz, self._of_finding, self.connection
        )

    def _of_finding(self, place: int, most: int | None) -> Table:
        if self._tally.collector.left_out:
            message = "there are too many connections for one table: ask for them by their columns"
            raise LookupError(message)
        return Table(self._whole.connections(place, most), "connections")

    @functools.cached_property
    def _whole(self) -> _native.Findings:
        return _native.Findings(self.table("connections")._native)  # noqa: SLF001

    def connection(self, connection_id: int) -> Connection:
        """Give one connection, by its number; ``KeyError`` when there is none of that number.

        >>> import finrst, tempfile
        >>> ds = finrst.cluster.read("tests/data/demo.pcap", to=tempfile.mkdtemp() + "/endings")
        >>> ds.connection(13).cause
        'reset_injected'
        """
        wanted = [("connection_id", "==", connection_id)]
        place = self._holding(connection_id)
        rows = [] if place is None else list(_rows("connections", [place], wanted))
        if not rows:
            raise KeyError(no_connection(connection_id, len(self)))
        teardowns = _parts.arrow("teardowns", self._places("teardowns"), None, wanted)
        return Connection(
            rows[0],
            _parts.table("teardowns", teardowns),
            single_file=len(self.files) == 1,
            naming=self.naming,
            where=self.tz,
        )

    def _holding(self, connection_id: int) -> Place | None:
        """Give the part in which a connection is: they are numbered in the order of the parts."""
        counts = [self._record.done[run.number]["connections"] for run in self._record.runs]
        ends = itertools.accumulate(counts)
        places = zip(self._places("connections"), ends, strict=True)
        return next((place for place, end in places if 0 <= connection_id < end), None)

    def check(self) -> None:
        """Hold the tables against each other, as :meth:`finrst.Capture.check`, part by part.

        Beside what is held there, every part has as many rows as the record says, and connections
        and packets go up within parts and from one to the next. Raises
        :exc:`~finrst.InternalError` where they disagree, ``OSError`` where a file is gone.

        >>> import finrst, tempfile
        >>> ds = finrst.cluster.read("tests/data/demo.pcap", to=tempfile.mkdtemp() + "/endings")
        >>> ds.check()
        """
        _check.check(self, self._record, self._places)
        warn_of_changes(self.issues, 3)

    def text(self, paint: Paint = PLAIN) -> str:
        """Say what the summary says, and where it lies; painted, for a terminal.

        >>> import finrst, tempfile
        >>> ds = finrst.cluster.read("tests/data/demo.pcap", to=tempfile.mkdtemp() + "/endings")
        >>> ds.text().splitlines()[0]
        '25 TCP connections, 32 FIN or RST segments in tests/data/demo.pcap'
        """
        figures = _summary.figures(self._tally, self._accounts(), self.tz)
        parts = plural(len(self._record.runs), "part")
        return "\n".join([_summary.text(figures, paint), "", f"{printable(self.path)}: {parts}"])

    def __repr__(self) -> str:
        """Say in a few lines what the summary says."""
        return self.text()


def open(  # noqa: A001 - finrst.cluster.open
    path: str | os.PathLike[str], *, storage_options: dict[str, Any] | None = None
) -> Dataset:
    """Open a directory of results that :func:`read` has made, or a bucket's folder by its URL.

    ``storage_options`` are those of :func:`read`. Raises ``FileNotFoundError`` where there is none,
    ``ValueError`` where it is not complete (read the same again: what is done is used), or was made
    by a version with other columns.

    >>> import finrst, tempfile
    >>> to = tempfile.mkdtemp() + "/endings"
    >>> len(finrst.cluster.read("tests/data/demo.pcap", to=to)) == len(finrst.cluster.open(to))
    True
    """
    there = place(path, storage_options)
    record = load(there)
    if record is None:
        raise FileNotFoundError(2, f"no results of finrst: it has no {NAME}", os.fspath(path))
    if not record.complete:
        left = plural(len(record.runs) - len(record.done), "run")
        message = f"'{printable(str(path))}' is not complete, {left} missing: read the same again"
        raise ValueError(message)
    return Dataset(there, record, storage_options)


def _mapped(kind: Any) -> Any:
    """Give pandas' type for one of Arrow's; vocabularies become categories, other words texts."""
    import pandas as pd
    import pyarrow as pa

    if by_numbers(kind):
        return pd.ArrowDtype(kind.value_type)
    return None if pa.types.is_dictionary(kind) else pd.ArrowDtype(kind)


def _rows(name: str, places: list[Place], filters: Any) -> Iterator[dict[str, Any]]:
    yield from _parts.table(name, _parts.arrow(name, places, None, filters))
