"""What a capture can show beside its tables: plots, packets, a report, an explorer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ._packets import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike

    from ._table import Table
    from .plot import Ladder
    from .plot._style import Chart


class Plots:
    """The plots of a capture; the same functions are in :mod:`finrst.plot`."""

    def __init__(self, data: Any) -> None:
        """Wrap a capture; made by finrst, not by hand."""
        self._data = data

    def causes(self, *, dark: bool | None = None) -> Chart:
        """Connections by cause; see :func:`finrst.plot.causes`."""
        from . import plot

        return plot.causes(self._data, dark=dark)  # type: ignore[no-any-return]

    def timeline(self, *, dark: bool | None = None) -> Chart:
        """FIN and RST segments over time; see :func:`finrst.plot.timeline`."""
        from . import plot

        return plot.timeline(self._data, dark=dark)  # type: ignore[no-any-return]

    def matrix(self, *, dark: bool | None = None) -> Chart:
        """Clients by servers; see :func:`finrst.plot.matrix`."""
        from . import plot

        return plot.matrix(self._data, dark=dark)  # type: ignore[no-any-return]

    def waits(self, *, dark: bool | None = None) -> Chart:
        """Waiting times of clients; see :func:`finrst.plot.waits`."""
        from . import plot

        return plot.waits(self._data, dark=dark)  # type: ignore[no-any-return]

    def fingerprint(self, *, dark: bool | None = None) -> Chart:
        """TTL and IP identification of resets; see :func:`finrst.plot.fingerprint`."""
        from . import plot

        return plot.fingerprint(self._data, dark=dark)  # type: ignore[no-any-return]

    def lifetimes(self, *, dark: bool | None = None) -> Chart:
        """Duration and silence before the end; see :func:`finrst.plot.lifetimes`."""
        from . import plot

        return plot.lifetimes(self._data, dark=dark)  # type: ignore[no-any-return]

    def ladder(self, connection_id: int | None = None) -> Ladder:
        """Packets of one connection as arrows; see :func:`finrst.plot.ladder`."""
        from . import plot

        return plot.ladder(self._data, connection_id)

    def sequence(
        self,
        connection_id: int | None = None,
        *,
        sender: Literal["client", "server"] | None = None,
        dark: bool | None = None,
    ) -> Chart:
        """Octets of one connection over time; see :func:`finrst.plot.sequence`."""
        from . import plot

        chart = plot.sequence(self._data, connection_id, sender=sender, dark=dark)
        return chart  # type: ignore[no-any-return]


class Views:
    """What :class:`Capture` shows; it brings ``connections`` and where they came from."""

    connections: Table
    _origin: Origin

    @property
    def plot(self) -> Plots:
        """Plots: ``cap.plot.causes()``, ``cap.plot.ladder(17)``, ...; see :mod:`finrst.plot`."""
        return Plots(self)

    def _rows(self, connection_ids: int | Iterable[int]) -> list[dict[str, Any]]:
        ids = [connection_ids] if isinstance(connection_ids, int) else list(connection_ids)
        rows = []
        for one in ids:
            row = self.connections.find("connection_id", int(one))
            if row is None:
                message = f"no connection {one}: {len(self.connections)} were found"
                raise KeyError(message)
            rows.append(row)
        return rows

    def packets(self, connection_ids: int | Iterable[int]) -> Table:
        """Give the TCP packets of a connection, or of several, in packet order.

        The source is read again, as far as these connections go. :exc:`CaptureError` tells when
        it was a stream, is gone or has changed; ``KeyError`` when there is no such connection.

        >>> import finrst
        >>> finrst.conversation("> S, < R.").packets(0)["flags"]
        ['SYN', 'RST,ACK']
        """
        return self._origin.packets(self._rows(connection_ids))

    def save(self, connection_ids: int | Iterable[int], path: str | PathLike[str]) -> int:
        """Write the packets of connections as pcapng and return how many there were.

        The octets are those of the source, with times in nanoseconds; ICMP errors about the
        connections go with them. Of an IP datagram in fragments only the last fragment is found.
        The file appears whole or not at all. Errors are those of :meth:`packets`.
        """
        return self._origin.save(self._rows(connection_ids), path)
