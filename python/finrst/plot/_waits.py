"""How long clients wait for a server, and how long connections live and idle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from finrst._base.classes import BY_NAME, CLASSES
from finrst._base.text import duration, number, plural

from ._columns import Columns
from ._style import INK, SOFT, axes, chart, classes_of, empty, finish, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._columns import Floats
    from ._style import Chart

_BINS = 60
_GRID = (70, 44)
_POINTS = 3000
_SHORTEST = 1e-6
_NARROW = 0.2
_FEWEST = 3
_DASHES = (0, (4, 3))
_DOTS = (0, (1, 3))

_IDLE = 1.0
"""Seconds below which a silence is no idle timeout."""
_STEP = 1.03
_AROUND = 1.6
_MANY = 5
_PART = 0.02


def _ticks(low: float, high: float) -> list[float]:
    decades = [10.0**power for power in range(-6, 1)]
    long = [10, 60, 600, 3600, 6 * 3600, 86400, 7 * 86400, 30 * 86400, 365 * 86400]
    ticks = [tick for tick in [*decades, *long] if low <= tick <= high]
    if len(ticks) > 3:  # noqa: PLR2004
        return ticks
    fine = {step * tick for tick in decades[:-1] for step in (1, 2, 5)}
    fine |= {1, 2, 5, 20, 30, 120, 300, 1800, *long}
    return sorted(tick for tick in fine if low <= tick <= high)


def _log_axis(axis: Any, low: float, high: float) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axis.set_major_locator(FixedLocator(_ticks(low, high)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: duration(value)))


def _edges(values: Floats, count: int) -> Floats:
    low, high = float(values.min()), float(values.max())
    low, high = low / 1.6, max(high * 1.6, low * 4)
    return np.geomspace(low, high, count + 1)


def waits(data: Any, *, dark: bool | None = None) -> Chart:
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
    values, failed = np.maximum(values[known], _SHORTEST), failed[known]
    figure = chart(8.6, 3.4, dark=dark)
    ax = axes(figure)
    if not len(values):
        return empty(figure, ax, "No handshake whose wait the capture shows")
    edges = _edges(values, _BINS)
    completed, abandoned = values[~failed], values[failed]
    ax.set_xscale("log")
    handles = []
    for part, colour, name in (
        (completed, BY_NAME["orderly"].colour, "completed"),
        (abandoned, BY_NAME["timeout"].colour, "abandoned or reset"),
    ):
        if len(part):
            heights, _ = np.histogram(part, edges)
            ax.stairs(heights, edges, fill=True, color=colour, alpha=0.6, linewidth=0)
            handles.append(Patch(color=colour, alpha=0.6, label=f"{name} ({number(len(part))})"))
    limit = _limit(abandoned)
    if limit is not None:
        ax.axvline(limit, color=INK, linewidth=1, linestyle=_DASHES)
        left = limit > np.sqrt(edges[0] * edges[-1])
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
    _log_axis(ax.xaxis, edges[0], edges[-1])
    ax.set_xlim(edges[0], edges[-1])
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


def lifetimes(data: Any, *, dark: bool | None = None) -> Chart:
    """Draw how long connections lived against how long they were silent before they ended.

    Endings at one silence, a horizontal line, tell of an idle timeout: five or more, and more
    than there are around it, are named. On the dotted line a connection was silent all its life.
    Up to 3,000 connections are points; more are cells with the colour of their commonest class,
    stronger where there are more.

    ``data`` is a Capture, or a table with ``duration_s``, ``idle_before_end_s`` and ``cause``.

    >>> import finrst, finrst.plot
    >>> script = "> S, < S., > ., > P. 120, < ., > F. +60s, < F., > ."
    >>> finrst.plot.lifetimes(finrst.conversation(script)).finding
    'One connection, silent for 1 min before it ended'
    """
    columns = Columns(data, ["duration_s", "idle_before_end_s", "cause"], ["connections"])
    lived, idle = columns.floats("duration_s"), columns.floats("idle_before_end_s")
    places = classes_of(columns.words("cause"))
    known = ~np.isnan(lived) & ~np.isnan(idle)
    lived = np.maximum(lived[known], _SHORTEST)
    idle = np.maximum(idle[known], _SHORTEST)
    places = places[known]
    figure = chart(8.6, 4.4, dark=dark)
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
    x, y = _edges(lived, 1), _edges(idle, 1)
    ax.plot(x, x, color=SOFT, linewidth=1, linestyle=_DOTS, zorder=0.9)
    timeout = _timeout(idle)
    if timeout is not None:
        ax.axhline(timeout[0], color=INK, linewidth=1, linestyle=_DASHES)
        ax.annotate(
            f"{number(timeout[1])} after about {duration(timeout[0])}",
            (0.01, timeout[0]),
            xycoords=("axes fraction", "data"),
            xytext=(0, 3),
            textcoords="offset points",
            color=INK,
        )
    ax.set_xlim(x[0], x[-1])
    ax.set_ylim(y[0], y[-1])
    _log_axis(ax.xaxis, x[0], x[-1])
    _log_axis(ax.yaxis, y[0], y[-1])
    ax.set_xlabel("duration (logarithmic)")
    ax.set_ylabel("silence before the end (logarithmic)")
    shown = [CLASSES[place].name for place in np.unique(places)]
    dots = Line2D([], [], color=SOFT, linewidth=1, linestyle=_DOTS, label="silent all its life")
    return finish(figure, _silence(idle, timeout), shown, [dots])


def _silence(idle: Floats, timeout: tuple[float, int] | None) -> str:
    half = duration(float(np.median(idle)))
    if len(idle) == 1:
        return f"One connection, silent for {half} before it ended"
    if timeout is None:
        return f"Half of the connections were silent for {half} or longer before they ended"
    return (
        f"{number(timeout[1])} of {plural(len(idle), 'connection')} ended after about "
        f"{duration(timeout[0])} of silence: an idle timeout looks like that"
    )


def _timeout(idle: Floats) -> tuple[float, int] | None:
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

    x, y = _edges(lived, _GRID[0]), _edges(idle, _GRID[1])
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
