"""The plots of a capture, as its methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from finrst import plot

if TYPE_CHECKING:
    from finrst._story.answer import Answer
    from finrst.plot import Ladder
    from finrst.plot._style import Chart


class Plots:
    """The plots of a capture; the same functions are in :mod:`finrst.plot`."""

    def __init__(self, capture: Answer) -> None:
        """Wrap a capture; made by finrst, not by hand."""
        self._capture = capture

    def causes(self, *, dark: bool | None = None, width: float | None = None) -> Chart:
        """Draw connections by cause; see :func:`finrst.plot.causes`."""
        return plot.causes(self._capture, dark=dark, width=width)

    def timeline(self, *, dark: bool | None = None, width: float | None = None) -> Chart:
        """Draw FIN and RST segments over time; see :func:`finrst.plot.timeline`."""
        return plot.timeline(self._capture, dark=dark, width=width)

    def matrix(self, *, dark: bool | None = None, width: float | None = None) -> Chart:
        """Draw servers by clients; see :func:`finrst.plot.matrix`."""
        return plot.matrix(self._capture, dark=dark, width=width)

    def waits(self, *, dark: bool | None = None, width: float | None = None) -> Chart:
        """Draw waiting times of clients; see :func:`finrst.plot.waits`."""
        return plot.waits(self._capture, dark=dark, width=width)

    def fingerprint(self, *, dark: bool | None = None, width: float | None = None) -> Chart:
        """Draw TTL and IP identification of resets; see :func:`finrst.plot.fingerprint`."""
        return plot.fingerprint(self._capture, dark=dark, width=width)

    def lifetimes(self, *, dark: bool | None = None, width: float | None = None) -> Chart:
        """Draw duration and silence before the end; see :func:`finrst.plot.lifetimes`."""
        return plot.lifetimes(self._capture, dark=dark, width=width)

    def ladder(self, connection_id: int | None = None) -> Ladder:
        """Draw packets of one connection as arrows; see :func:`finrst.plot.ladder`."""
        return plot.ladder(self._capture, connection_id)

    def sequence(
        self,
        connection_id: int | None = None,
        *,
        sender: Literal["client", "server"] | None = None,
        dark: bool | None = None,
        width: float | None = None,
    ) -> Chart:
        """Draw bytes of one connection over time; see :func:`finrst.plot.sequence`."""
        return plot.sequence(self._capture, connection_id, sender=sender, dark=dark, width=width)
