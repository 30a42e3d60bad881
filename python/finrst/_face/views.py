"""What a capture can show beside its tables: plots, packets, a report, an explorer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike

    from finrst._pages.explore import Explorer
    from finrst._tables.table import Table
    from finrst.plot import Ladder
    from finrst.plot._style import Chart

    from .capture import Capture
    from .origin import Origin


# More connections than these are not looked for one by one.
_FEW = 16


class Plots:
    """The plots of a capture; the same functions are in :mod:`finrst.plot`."""

    def __init__(self, data: Any) -> None:
        """Wrap a capture; made by finrst, not by hand."""
        self._data = data

    def causes(self, *, dark: bool | None = None) -> Chart:
        """Draw connections by cause; see :func:`finrst.plot.causes`."""
        from finrst import plot

        return plot.causes(self._data, dark=dark)

    def timeline(self, *, dark: bool | None = None) -> Chart:
        """Draw FIN and RST segments over time; see :func:`finrst.plot.timeline`."""
        from finrst import plot

        return plot.timeline(self._data, dark=dark)

    def matrix(self, *, dark: bool | None = None) -> Chart:
        """Draw servers by clients; see :func:`finrst.plot.matrix`."""
        from finrst import plot

        return plot.matrix(self._data, dark=dark)

    def waits(self, *, dark: bool | None = None) -> Chart:
        """Draw waiting times of clients; see :func:`finrst.plot.waits`."""
        from finrst import plot

        return plot.waits(self._data, dark=dark)

    def fingerprint(self, *, dark: bool | None = None) -> Chart:
        """Draw TTL and IP identification of resets; see :func:`finrst.plot.fingerprint`."""
        from finrst import plot

        return plot.fingerprint(self._data, dark=dark)

    def lifetimes(self, *, dark: bool | None = None) -> Chart:
        """Draw duration and silence before the end; see :func:`finrst.plot.lifetimes`."""
        from finrst import plot

        return plot.lifetimes(self._data, dark=dark)

    def ladder(self, connection_id: int | None = None) -> Ladder:
        """Draw packets of one connection as arrows; see :func:`finrst.plot.ladder`."""
        from finrst import plot

        return plot.ladder(self._data, connection_id)

    def sequence(
        self,
        connection_id: int | None = None,
        *,
        sender: Literal["client", "server"] | None = None,
        dark: bool | None = None,
    ) -> Chart:
        """Draw octets of one connection over time; see :func:`finrst.plot.sequence`."""
        from finrst import plot

        return plot.sequence(self._data, connection_id, sender=sender, dark=dark)


class Views:
    """What :class:`Capture` shows; it brings ``connections`` and where they came from."""

    _origin: Origin

    @property
    def connections(self) -> Table:
        """One row per TCP connection, in order of the first packet.

        >>> import finrst
        >>> len(finrst.conversation("> S, < R.").connections)
        1
        """
        raise NotImplementedError

    @property
    def plot(self) -> Plots:
        """Plots: ``cap.plot.causes()``, ``cap.plot.ladder(17)``, ...; see :mod:`finrst.plot`.

        >>> import finrst
        >>> cap = finrst.conversation("> S, < R.")
        >>> cap.plot.ladder(0)
        <finrst.plot.Ladder: ... octets of SVG>
        """
        return Plots(self)

    def _rows(self, connection_ids: int | Iterable[int]) -> list[dict[str, Any]]:
        one_or_more = [connection_ids] if isinstance(connection_ids, int) else connection_ids
        ids = list(dict.fromkeys(int(one) for one in one_or_more))
        table = self.connections
        places: dict[int, int] = {}
        if len(ids) > _FEW:
            places = {one: place for place, one in enumerate(table["connection_id"])}
        rows = []
        for one in ids:
            place = places.get(one)
            row = (
                table.find("connection_id", one)
                if place is None
                else next(iter(table.slice(place, 1)))
            )
            if row is None:
                message = f"no connection {one}: {len(table)} were found"
                raise KeyError(message)
            rows.append(row)
        return rows

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
        return self._origin.packets(self._rows(connection_ids))

    def save(
        self,
        connection_ids: int | Iterable[int],
        path: str | PathLike[str],
        *,
        overwrite: bool = False,
    ) -> int:
        """Write the packets of connections as pcapng and return how many there were.

        The octets are those of the source, with times in nanoseconds (those before 1970 on an
        interface with ``if_tsoffset``). ICMP errors about the connections go with them, and all
        fragments of an IP datagram in fragments. The file appears whole or not at all; what it may
        replace is told at :meth:`Table.write`. Errors are those of :meth:`packets`, and
        ``FileExistsError``.

        >>> import finrst, tempfile
        >>> cap = finrst.read("tests/data/demo.pcap")
        >>> cap.save(13, tempfile.mkdtemp() + "/one.pcapng")
        13
        """
        known = self.connections._native.sources  # noqa: SLF001 - the same package
        return self._origin.save(self._rows(connection_ids), path, known, overwrite=overwrite)

    def report(
        self, path: str | PathLike[str], *, title: str | None = None, overwrite: bool = False
    ) -> None:
        """Write a report: one HTML file for any browser, or Markdown when the name ends in ``.md``.

        The HTML file needs nothing else, loads nothing and runs no script; it can be printed.
        Plots need the extra ``plot``; without it they are left out, and the report says so. The
        same capture gives the same octets. What it shows of the capture is escaped. What it may
        replace is told at :meth:`Table.write`.

        >>> import finrst, pathlib, tempfile
        >>> page = pathlib.Path(tempfile.mkdtemp(), "x.md")
        >>> finrst.conversation("> S, < R.").report(page, title="Refused")
        >>> page.read_text().splitlines()[0]
        '# Refused'
        """
        from finrst._pages import report as _report

        _report.write(cast("Capture", self), path, title, overwrite=overwrite)

    def explore(self) -> Explorer:
        """Make a widget: bars to click, a table that follows, the story of the row picked.

        Needs a notebook and the extra ``notebook``. Its ``selection`` is the filtered connections
        as a ``pyarrow.Table``.

        >>> import finrst
        >>> cap = finrst.read("tests/data/demo.pcap")
        >>> cap.explore().selection.num_rows
        25
        """
        from finrst._pages.explore import Explorer

        return Explorer(cast("Capture", self))
