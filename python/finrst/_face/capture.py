"""The answer to one reading."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from finrst._base.html import escaped
from finrst._base.times import zone
from finrst._errors import CaptureError
from finrst._pages.card import card
from finrst._pages.rows import COLUMNS
from finrst._story import finding, summary, troubled, trust
from finrst._story.connection import Connection
from finrst._tables.naming import Naming
from finrst._tables.table import Table

from .check import Carried, check
from .comments import annotate, of_rows
from .origin import Origin
from .rows import no_connection, rows
from .tables import Tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from os import PathLike

    from finrst import _native
    from finrst._base.progress import Progress
    from finrst._base.times import Zone
    from finrst._pages.explore import Explorer
    from finrst._story.finding import Findings

    from .plots import Plots

_CARD_ROWS = 5


class Capture(Tables):
    """What a capture says about its TCP connections; made by :func:`finrst.read`.

    In a notebook it shows itself as a card, in a terminal as a few lines. It pickles with its
    tables and the names of its sources, for the same version of finrst: a process pool, joblib or
    Dask can return it. Files are then found again by their names; bytes do not travel with it, so
    that :meth:`packets` raises :exc:`CaptureError` there.

    >>> import finrst
    >>> cap = finrst.conversation("> S, < S., > ., > P. 120, < R.")
    >>> print(cap.connection(0).ending, cap.connection(0).ended_by)
    reset server
    """

    def __init__(
        self,
        tables: dict[str, _native.Table],
        origin: Origin | None = None,
        where: dt.tzinfo = dt.UTC,
        carried: Sequence[Iterable[int]] = ((), ()),
    ) -> None:
        """Wrap the engine's tables; made by finrst, not by hand."""
        self._zone = where
        self._carried = tuple(Carried(*one) for one in carried)
        self._origin = origin or Origin()
        super().__init__({name: table for name, table in tables.items() if name != "kept"})
        # Where columns were asked for: what packets() needs, and later all that there is.
        self._kept = Table(tables["kept"], "connections") if "kept" in tables else None
        self._all: Capture | None = None

    @property
    def resumed(self) -> int:
        """How many connections of an earlier reading went on here; see ``resume`` of :func:`read`.

        >>> import finrst
        >>> finrst.read("tests/data/demo.pcap").resumed
        0
        """
        return self._carried[0].connections

    @property
    def saved(self) -> int:
        """How many connections were still followed at the end, and saved; they are no rows here.

        >>> import finrst, tempfile
        >>> cap = finrst.read("tests/data/demo.pcap", save=tempfile.mkdtemp() + "/x.state")
        >>> len(cap), cap.saved
        (18, 7)
        """
        return self._carried[1].connections

    @functools.cached_property
    def naming(self) -> Naming:
        """The names of its addresses, as they are shown everywhere; nothing is looked up.

        >>> import finrst
        >>> cap = finrst.conversation("> S, < S., > ., > P. hello=a.example, < R.")
        >>> cap.naming.service("198.51.100.1", 443)
        'a.example (198.51.100.1:443, https)'
        """
        return Naming.of_table(self.connections, self.names)

    @property
    def _known(self) -> Table:
        """What is known of every connection, whatever columns were asked for."""
        return self.connections if self._kept is None else self._kept

    def _whole(self) -> Capture:
        """Give the same with all columns, for what needs others than were asked for."""
        if self._kept is None:
            return self
        if self._all is None:
            try:
                tables = self._origin.again()
            except CaptureError as error:
                message = f"this needs columns that were not asked for, and {error}"
                raise CaptureError(message) from None
            self._all = Capture(tables, self._origin)
        self._all.tz = self._zone
        return self._all

    def __getstate__(self) -> tuple[str, dict[str, Any]]:
        """Pickle what was read, and not what was worked out when it was asked for."""
        version, attributes = super().__getstate__()
        for name in ("naming", "_found"):
            attributes.pop(name, None)
        return version, {**attributes, "_all": None}

    @property
    def tz(self) -> dt.tzinfo:
        """The time zone in which times are shown to people; tables and JSON are in UTC.

        It can be set: to a name of the IANA database, ``"local"``, ``"UTC"``, an offset as
        ``"+02:00"``, or a ``tzinfo``. Raises ``ValueError`` for another name, and
        ``ModuleNotFoundError`` where this machine has no database of time zones.

        >>> import finrst
        >>> cap = finrst.read("tests/data/demo.pcap")
        >>> cap.tz = "Europe/Berlin"
        >>> print(str(cap).splitlines()[1])
        from 2026-11-22 07:00:06 +01:00 (Europe/Berlin), 36 min 53 s long
        """
        return self._zone

    @tz.setter
    def tz(self, where: Zone) -> None:
        self._zone = zone(where)

    def connection(self, connection_id: int) -> Connection:
        """Give one connection, by its number.

        >>> import finrst
        >>> finrst.conversation("> S, < R.").connection(0)
        <finrst.Connection 0: ...: handshake_refused, ended by server, port_closed (...)>

        It has all columns, whichever were asked for: those of others are read when it is.

        Raises ``KeyError`` when there is none of that number, and :exc:`CaptureError` when columns
        were asked for and the source cannot be read again.
        """
        row = self._known.find("connection_id", connection_id)
        if row is None:
            message = no_connection(connection_id, len(self))
            raise KeyError(message)
        if self._kept is not None:
            return self._whole().connection(connection_id)
        single = len(self.files) == 1
        return Connection(
            row, self.teardowns, single_file=single, naming=self.naming, where=self._zone
        )

    def __len__(self) -> int:
        """Count the connections."""
        return len(self._known)

    def __bool__(self) -> bool:
        """Stay true without connections: there is still a ledger."""
        return True

    def findings(self) -> Findings:
        """Give what happened to many connections at once: a story each, the gravest first.

        Twenty at most; the last adds up what is beyond. Every connection is in one of them, and
        those that can be passed over are told in a few lines at the end. The order is the same
        wherever findings are shown.

        >>> import finrst
        >>> for one in finrst.conversation("> S port=1..3, < R. port=1..3").findings():
        ...     print(one.severity, one.sentence)
        costly 3 connections to 198.51.100.1:443 (https) were refused: nothing listens there.
        """
        if self._kept is not None:
            return self._whole().findings()
        return finding.tell(
            self._found, self.connections.name, self.connection, self.naming, self._zone
        )

    @functools.cached_property
    def _found(self) -> _native.Findings:
        return finding.find(self.connections)

    @property
    def plot(self) -> Plots:
        """Plots: ``cap.plot.causes()``, ``cap.plot.ladder(17)``, ...; see :mod:`finrst.plot`.

        >>> import finrst
        >>> cap = finrst.conversation("> S, < R.")
        >>> cap.plot.ladder(0)
        <finrst.plot.Ladder: ... bytes of SVG>
        """
        from .plots import Plots

        return Plots(self._whole())

    def packets(self, connection_ids: int | Iterable[int]) -> Table:
        """Give the TCP packets of a connection, or of several (each once), in packet order.

        The source is read again with the options of the first reading, as far as these
        connections go, and gives them the packets that it gave them then. :exc:`CaptureError`
        tells when it was a stream, is gone or has changed, also by which connection has other
        packets; ``KeyError`` when there is no such connection.

        >>> import finrst
        >>> finrst.conversation("> S, < R.").packets(0)["flags"]
        ['SYN', 'RST,ACK']
        """
        return self._origin.packets(rows(self._known, connection_ids))

    def save(
        self,
        connection_ids: int | Iterable[int],
        path: str | PathLike[str],
        *,
        comments: bool = False,
        overwrite: bool = False,
    ) -> int:
        """Write the packets of connections as pcapng and return how many there were.

        The bytes are those of the source, with times in nanoseconds (those before 1970 on an
        interface with ``if_tsoffset``). ICMP errors about the connections go with them, and all
        fragments of an IP datagram in fragments. With ``comments``, FINs, RSTs and what decided the
        connections have the comments of :meth:`annotate`. The file appears whole or not at all;
        what it may replace is told at :meth:`Table.write`. Errors are those of :meth:`packets`, and
        ``FileExistsError``.

        >>> import finrst, tempfile
        >>> cap = finrst.read("tests/data/demo.pcap")
        >>> cap.save(13, tempfile.mkdtemp() + "/one.pcapng")
        13
        """
        table = self._whole().connections if comments else self._known
        chosen = rows(table, connection_ids)
        said = of_rows(self._whole(), chosen) if comments else None
        known = self.connections._native.sources  # noqa: SLF001 - the same package
        return self._origin.save(chosen, path, known, said, overwrite=overwrite)

    def annotate(
        self,
        path: str | PathLike[str],
        *,
        overwrite: bool = False,
        progress: Progress = "auto",
    ) -> int:
        """Copy the capture as pcapng with its verdicts as comments; return how many these are.

        Wireshark shows and filters them (``frame.comment contains "reset_injected"``): each FIN and
        RST has one, who sent it, why, and what is seen of it; the packet that decided a connection
        (where none did, its last one) has its verdict, and another one what speaks for it; each
        section says what made them. Packets
        stay as they are, and so do interfaces, secrets, names, other blocks, options and comments;
        comments of an earlier copy (they begin with ``finrst: ``) are replaced. A classic pcap
        becomes pcapng. Several files become one, in the order of reading: each section of theirs
        begins one, and where they overlap in time, those begun earlier go on in it. A filter or
        times of the reading choose what is commented on; all packets are copied.

        Of a damaged capture what was read is copied; :exc:`OutputWarning` tells what was not, and
        how many comments found no place (a simple packet block holds none). What may be replaced is
        told at :meth:`Table.write`, ``progress`` at :func:`finrst.read`; errors are those of
        :meth:`packets`, and ``FileExistsError``.

        >>> import finrst, tempfile
        >>> cap = finrst.read("tests/data/demo.pcap")
        >>> cap.annotate(tempfile.mkdtemp() + "/verdicts.pcapng")
        82
        """
        told, earlier = self._whole(), self._carried[0].read
        return annotate(
            told, self._origin, path, overwrite=overwrite, progress=progress, earlier=earlier
        )

    def report(
        self, path: str | PathLike[str], *, title: str | None = None, overwrite: bool = False
    ) -> None:
        """Write a report: one HTML file for any browser, or Markdown when the name ends in ``.md``.

        The HTML file needs nothing else, loads nothing and runs no script; it can be printed.
        Plots need the extra ``plot``; without it they are left out, and the report says so. The
        same capture gives the same bytes. What it shows of the capture is escaped. What it may
        replace is told at :meth:`Table.write`.

        >>> import finrst, pathlib, tempfile
        >>> page = pathlib.Path(tempfile.mkdtemp(), "x.md")
        >>> finrst.conversation("> S, < R.").report(page, title="Refused")
        >>> page.read_text().splitlines()[0]
        '# Refused'
        """
        from finrst._pages import report

        report.write(self._whole(), path, title, overwrite=overwrite)

    def explore(self) -> Explorer:
        """Make a widget: findings and bars to click, a table to sort, the story of a connection.

        Needs a notebook and the extra ``notebook``. Its ``selection`` is the filtered connections
        as a ``pyarrow.Table``; what filters and sorts can be set from Python, too.

        >>> import finrst
        >>> cap = finrst.read("tests/data/demo.pcap")
        >>> cap.explore().selection.num_rows
        25
        """
        from finrst._pages.explore import Explorer

        return Explorer(self._whole())

    def check(self) -> None:
        """Hold the tables against each other; raise :exc:`InternalError` if they disagree.

        The bytes, records and packets of every file add up, every TCP packet of the ledger is a
        packet of one connection, and the FIN and RST segments of the connections are the rows of
        ``teardowns``, as far as columns that count them were asked for. A :exc:`CaptureWarning`
        names each file that changed while it was read: its packets may never have been in it all at
        once.

        >>> import finrst
        >>> finrst.conversation("> S, < S., > ., > F., < F., > .").check()
        """
        check(self, self._known, *self._carried)

    def __repr__(self) -> str:
        """Say in a few lines what the card says."""
        if self._kept is not None:
            return "\n".join(summary.of_columns(self))
        figures = summary.summarize(self)
        return "\n".join([summary.text(figures), *troubled.text(self._troubled(figures))])

    def _troubled(self, figures: summary.Summary) -> troubled.Troubled:
        return troubled.troubled(self.connections, figures.findings, _CARD_ROWS)

    def _repr_html_(self) -> str:
        if self._kept is not None:
            return "".join(f"<p>{escaped(line)}</p>" for line in summary.of_columns(self))
        figures = summary.summarize(self)
        chosen = self._troubled(figures)
        first = [self.naming.told(row) for row in chosen.rows]
        named = [*trust.named(self.files["file"]), *figures.lines]
        return card(replace(figures, lines=named), first, COLUMNS, chosen.said, self._zone)
