"""How long clients wait for a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.patches import Patch

from finrst._base.classes import CLASSES, class_of_ending
from finrst._base.palette import BARS
from finrst._base.text import duration, number, plural

from ._columns import Columns
from ._scales import SHORTEST, edges, log_axis
from ._style import INK, axes, chart, empty, finish, whole

if TYPE_CHECKING:
    from ._columns import Floats
    from ._style import Chart

_BINS = 60
_NARROW = 0.2
_FEWEST = 3
_DASHES = (0, (4, 3))
_FAILED = {"timeout": "given up", "refused": "reset by the server"}
"""What became of handshakes whose wait is known, by class."""


def waits(data: Any, *, dark: bool | None = None, width: float | None = None) -> Chart:
    """Draw how long clients waited for their handshakes: completed against abandoned.

    A wait goes from the first SYN to the client's first acknowledgment or reset. When the waits
    that clients abandoned lie close together, their median is drawn: it is their time limit.

    ``data`` is a Capture, or a table with ``client_wait_s`` and ``ending`` as ``connections`` has.

    >>> import finrst, finrst.plot
    >>> figure = finrst.plot.waits(finrst.conversation("> S, < S. +20ms, > . +1ms"))
    >>> figure.finding
    '1 handshake completed after 21 ms; none was abandoned'
    """
    columns = Columns(data, ["client_wait_s", "ending"], ["connections"])
    values = columns.floats("client_wait_s")
    endings = columns.words("ending")
    failed = np.array([n.startswith("handshake_") for n in endings.names] + [False])[endings.codes]
    known = ~np.isnan(values)
    unseen = int((failed & ~known).sum())
    values, failed = np.maximum(values[known], SHORTEST), failed[known]
    figure = chart(3.4, dark=dark, width=width)
    ax = axes(figure)
    if not len(values):
        return empty(figure, ax, "No handshake whose wait the capture shows")
    borders = edges(values, _BINS)
    completed, abandoned = values[~failed], values[failed]
    ax.set_xscale("log")
    # A handshake that was completed may have ended in any way since: it has no class's colour.
    kinds = np.array([class_of_ending(name).name for name in endings.names] + ["undecided"])
    kinds = kinds[endings.codes][known]
    parts = [(completed, BARS, "completed")] if len(completed) else []
    for one in CLASSES:
        part = values[failed & (kinds == one.name)]
        if len(part):
            parts.append((part, one.colour, _FAILED.get(one.name, one.name)))
    handles = []
    for part, colour, name in parts:
        heights, _ = np.histogram(part, borders)
        ax.stairs(heights, borders, fill=True, color=colour, alpha=0.75, linewidth=0)
        handles.append(Patch(color=colour, alpha=0.75, label=f"{name} ({number(len(part))})"))
    limit = _limit(abandoned)
    if limit is not None:
        ax.axvline(limit, color=INK, linewidth=1, linestyle=_DASHES)
        left = limit > np.sqrt(borders[0] * borders[-1])
        ax.annotate(
            f"limit: about {duration(limit)}",
            (limit, 0.98),
            xycoords=("data", "axes fraction"),
            xytext=(-5 if left else 5, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="top",
            color=INK,
        )
    log_axis(ax.xaxis, borders[0], borders[-1])
    ax.set_xlim(borders[0], borders[-1])
    whole(ax.yaxis)
    ax.set_xlabel("wait of the client, from its first SYN (logarithmic)")
    ax.set_ylabel("connections")
    title = _waiting(completed, abandoned, limit)
    if unseen:
        title += f"; {number(unseen)} more refused or unanswered"
    return finish(figure, title, handles=handles)


def _limit(abandoned: Floats) -> float | None:
    if len(abandoned) < _FEWEST:
        return None
    low, middle, high = np.quantile(abandoned, (0.25, 0.5, 0.75))
    return float(middle) if high - low <= _NARROW * middle else None


def _waiting(completed: Floats, abandoned: Floats, limit: float | None) -> str:
    said = f"{plural(len(completed), 'handshake')} completed"
    if len(completed) == 1:
        said += f" after {duration(float(completed[0]))}"
    elif len(completed):
        said += f", half of them within {duration(float(np.median(completed)))}"
    if not len(abandoned):
        return f"{said}; none was abandoned"
    if limit is not None:
        return f"{said}; {number(len(abandoned))} given up after about {duration(limit)}"
    or_more = " or more" if len(abandoned) > 1 else ""
    least = duration(float(abandoned.min()))
    return f"{said}; {number(len(abandoned))} given up or reset after {least}{or_more}"
