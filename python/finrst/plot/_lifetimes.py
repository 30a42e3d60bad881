"""How long connections live, and how long they are silent before they are closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D

from finrst._base.classes import CLASSES
from finrst._base.text import duration, number, plural

from ._columns import Columns
from ._scales import SHORTEST, edges, log_axis
from ._style import INK, SOFT, axes, chart, classes_of, empty, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._columns import Floats
    from ._style import Chart

_SILENCES = ("idle_before_close_s", "idle_before_end_s")
"""Columns of the silence before the end, the best first."""

Limit = tuple[float, int]
"""A silence in seconds, and how many connections end after it."""

_GRID = (70, 44)
_POINTS = 3000
_BELOW = 3
"""A limit so near to the top has its words below it."""
_DASHES = (0, (4, 3))
_DOTS = (0, (1, 3))
_NAMED = 3
"""Limits that are drawn and said."""

_IDLE = 1.0
"""Seconds below which a silence is no idle timeout."""
_STEP = 1.03
_AROUND = 1.6
_MANY = 5
_PART = 0.02


def lifetimes(data: Any, *, dark: bool | None = None, width: float | None = None) -> Chart:
    """Draw how long connections lived against how long they were silent before they were closed.

    The silence is that before the first FIN or RST; in a table without ``idle_before_close_s``,
    ``idle_before_end_s``, that before the segment that decided the ending. Where many connections
    are closed after one silence, a horizontal line, an idle limit is at work: the title says it.
    Of a Capture these are the findings ``idle_limit``; of a table, silences of five connections
    or more that stand out from those around. On the dotted line a connection was silent all its
    life. Up to 3,000 connections are points; more are cells with the colour of their commonest
    class, stronger where there are more.

    ``data`` is a Capture, or a table with ``duration_s``, ``cause`` and one of the silences.

    >>> import finrst, finrst.plot
    >>> script = "> S, < S., > ., > P. 120, < ., > F. +60s, < F., > ."
    >>> finrst.plot.lifetimes(finrst.conversation(script)).finding
    'One connection, silent for 1 min before it was closed'
    """
    columns = Columns(data, ["duration_s", "cause"], ["connections"], _SILENCES)
    silence = next((name for name in _SILENCES if name in columns.names), None)
    if silence is None:
        message = f"the table lacks {_SILENCES[0]}; connections has it"
        raise ValueError(message)
    lived, idle = columns.floats("duration_s"), columns.floats(silence)
    places = classes_of(columns.words("cause"))
    known = ~np.isnan(lived) & ~np.isnan(idle)
    lived = np.maximum(lived[known], SHORTEST)
    idle = np.maximum(idle[known], SHORTEST)
    places = places[known]
    figure = chart(4.4, dark=dark, width=width)
    ax = axes(figure)
    if not len(lived):
        return empty(figure, ax, "No connection ended by a segment of the capture")
    ax.set_xscale("log")
    ax.set_yscale("log")
    if len(lived) <= _POINTS:
        paint = np.array([one.colour for one in CLASSES])[places]
        ax.scatter(lived, idle, c=paint, s=36, alpha=0.75, linewidths=0)
    else:
        _cells(ax, lived, idle, places)
    x, y = edges(lived, 1), edges(idle, 1)
    ax.plot(x, x, color=SOFT, linewidth=1, linestyle=_DOTS, zorder=0.9)
    limits = _limits(data, idle)
    for seconds, count in limits:
        ax.axhline(seconds, color=INK, linewidth=1, linestyle=_DASHES)
        top = seconds * _BELOW > y[-1]
        ax.annotate(
            f"{number(count)} after {_exact(seconds)}",
            (0.01, seconds),
            xycoords=("axes fraction", "data"),
            xytext=(0, -3 if top else 3),
            textcoords="offset points",
            va="top" if top else "bottom",
            color=INK,
        )
    ax.set_xlim(x[0], x[-1])
    ax.set_ylim(y[0], y[-1])
    log_axis(ax.xaxis, x[0], x[-1])
    log_axis(ax.yaxis, y[0], y[-1])
    ax.set_xlabel("duration (logarithmic)")
    before = "before the close" if silence == _SILENCES[0] else "before the end"
    ax.set_ylabel(f"silence {before} (logarithmic)")
    shown = [CLASSES[place].name for place in np.unique(places)]
    dots = Line2D([], [], color=SOFT, linewidth=1, linestyle=_DOTS, label="silent all its life")
    return finish(figure, _silence(idle, limits), shown, [dots])


def _limits(data: Any, idle: Floats) -> list[Limit]:
    """Give the idle limits, that of most connections first."""
    if not hasattr(data, "findings"):
        alone = _timeout(idle)
        return [alone] if alone else []
    limits = []
    for one in data.findings():
        if one.kind == "idle_limit" and one.count >= _MANY:
            silences = Columns(one.connections, _SILENCES[:1], ["connections"]).floats(_SILENCES[0])
            # Those that no limit in common binds together are told, but make no line.
            low, middle, high = np.nanquantile(silences, (0.05, 0.5, 0.95))
            if high <= low * _STEP:
                limits.append((float(middle), one.count))
    return sorted(limits, key=lambda limit: -limit[1])[:_NAMED]


def _exact(seconds: float) -> str:
    """Write a limit as precisely as it is set: 60.0 s is no 59.7 s."""
    tenths = 3600.0
    return f"{seconds:,.1f} s" if seconds < tenths else duration(seconds)


def _silence(idle: Floats, limits: list[Limit]) -> str:
    half = duration(float(np.median(idle)))
    if len(idle) == 1:
        return f"One connection, silent for {half} before it was closed"
    if not limits:
        return f"Half of the connections were silent for {half} or longer before they were closed"
    (seconds, count), *more = limits
    also = "".join(f", {number(count)} after {_exact(seconds)}" for seconds, count in more)
    return (
        f"{plural(count, 'connection')} end after {_exact(seconds)} of silence{also}, of "
        f"{number(len(idle))} that were closed: an idle limit looks like that"
    )


def _timeout(idle: Floats) -> Limit | None:
    """Find the silence at which many connections ended, and how many."""
    long = idle[idle >= _IDLE]
    if len(long) < _MANY:
        return None
    bins = np.floor(np.log(long) / np.log(_STEP)).astype(np.int64)
    counts = np.bincount(bins)
    pairs = counts + np.append(counts[1:], 0)
    place = int(pairs.argmax())
    most = int(pairs[place])
    middle = float(np.median(long[(bins == place) | (bins == place + 1)]))
    around = int(((long > middle / _AROUND) & (long < middle * _AROUND)).sum())
    if most < max(_MANY, _PART * len(idle)) or 2 * most < around:
        return None
    return middle, most


def _cells(ax: Axes, lived: Floats, idle: Floats, places: Any) -> None:
    from matplotlib.colors import to_rgb

    x, y = edges(lived, _GRID[0]), edges(idle, _GRID[1])
    stack = np.stack(
        [
            np.histogram2d(lived[places == p], idle[places == p], (x, y))[0]
            for p in range(len(CLASSES))
        ]
    )
    total = stack.sum(axis=0)
    cells = np.zeros((*total.shape, 4))
    cells[..., :3] = np.array([to_rgb(one.colour) for one in CLASSES])[stack.argmax(axis=0)]
    cells[..., 3] = np.where(total > 0, 0.2 + 0.8 * np.log1p(total) / np.log1p(total.max()), 0)
    ax.pcolormesh(x, y, cells.transpose(1, 0, 2), rasterized=True)
