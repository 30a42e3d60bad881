"""How many connections ended for which cause, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from finrst._base.classes import CLASSES, class_of
from finrst._base.text import duration, number, plural, share

from ._columns import NOT_A_TIME, Columns
from ._style import INK, SOFT, axes, chart, classes_of, empty, finish, fitting, label, whole
from ._time import bins, moment, time_axis, zone_of

if TYPE_CHECKING:
    import datetime as dt

    from matplotlib.axes import Axes

    from ._style import Chart

_FIN, _RST = 0, 1
_TOP = 18
_APART = 0.5
"""Between the named and the others, in bars."""
_LETTERS = 12.0
"""Of a name, in an inch."""
_GAPS = 60


def causes(data: Any, *, dark: bool | None = None, width: float | None = None) -> Chart:
    """Draw how many connections ended for which cause, coloured by the cause's class.

    ``data`` is a Capture, or an Arrow table (also of pandas, polars) with the column ``cause``.
    Beyond the 18 most frequent causes the rest is counted below them, without a bar.

    >>> import finrst, finrst.plot
    >>> figure = finrst.plot.causes(finrst.conversation("> S, < R."))
    >>> figure.finding
    'No connection of 1 ended in an orderly way; most often: port_closed (1)'
    """
    columns = Columns(data, ["cause"], ["connections", "teardowns"])
    words = columns.words("cause")
    places = classes_of(words)
    counts = np.bincount(words.codes + 1, minlength=len(words.names) + 1)[1:]
    order = _order(words.names, counts)
    named, others = order[:_TOP], order[_TOP:]
    names = [label(words.names[i]) for i in named]
    values = [int(counts[i]) for i in named]
    paint = [class_of(words.names[i]).colour for i in named]
    figure = chart(1.1 + 0.27 * max(3, len(names)), dark=dark, width=width)
    ax = axes(figure)
    total = len(columns)
    if not total:
        return empty(figure, ax, "No connection: nothing ended")
    ax.barh(range(len(names)), values, color=paint, height=0.72)
    levels: list[float] = [*range(len(names))]
    if others:
        # Apart and without a bar: what is added up would be longer than what it is held against.
        names.append(f"{len(others)} other causes")
        values.append(int(counts[others].sum()))
        levels.append(len(named) + _APART)
        figure.set_figheight(figure.get_figheight() + 0.27 * (1 + _APART))
    said = [f"{number(value)} ({share(value, total)})" for value in values]
    for place, y, value, text in zip(range(len(said)), levels, values, said, strict=True):
        ax.annotate(
            text,
            (value if place < len(named) else 0, y),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            color=SOFT,
            fontsize=8.5,
        )
    ax.set_yticks(levels, names)
    ax.tick_params(axis="y", length=0, labelcolor=INK)
    ax.set_ylim(levels[-1] + 0.6, -0.6)
    beside = figure.get_figwidth() - max(map(len, names)) / _LETTERS
    ax.set_xlim(0, max(values[: len(named)]) / fitting(max(map(len, said)) + 1, beside))
    ax.grid(visible=False, axis="y")
    whole(ax.xaxis)
    ax.set_xlabel("connections" if "ending" in columns.names else "FIN and RST segments")
    shown = [CLASSES[place].name for place in np.unique(places)]
    return finish(figure, _finding(places, words.names, counts), shown)


def _order(names: list[str], counts: Any) -> list[int]:
    """Give the places of what there is, most frequent first, equals by name."""
    there = (i for i in range(len(names)) if counts[i])
    return sorted(there, key=lambda i: (-counts[i], names[i]))


def _finding(places: Any, names: list[str], counts: Any) -> str:
    total = len(places)
    per_class = np.bincount(places, minlength=len(CLASSES))
    orderly, undecided = int(per_class[0]), int(per_class[-1])
    troubled = total - orderly - undecided
    if not troubled and not orderly:
        return f"{plural(undecided, 'connection')} still open or undecided"
    if not troubled:
        rest = f"; {plural(undecided, 'other')} still open or undecided" if undecided else ""
        return f"All {number(orderly)} that ended did so in an orderly way{rest}"
    calm = {"orderly", "undecided"}
    worst = next(i for i in _order(names, counts) if class_of(names[i]).name not in calm)
    most = f"most often: {label(names[worst])} ({number(int(counts[worst]))})"
    if not orderly:
        return f"No connection of {number(total)} ended in an orderly way; {most}"
    return (
        f"{number(troubled)} of {number(total)} ({share(troubled, total)}) "
        f"did not end in an orderly way; {most}"
    )


def timeline(data: Any, *, dark: bool | None = None, width: float | None = None) -> Chart:
    """Draw when connections were torn down: FIN segments upwards, RST segments downwards.

    Each kind has a scale of its own, so that neither hides the other. ``data`` is a Capture, or a
    table with ``time``, ``kind`` and ``cause`` as ``teardowns`` has. The width of a bin follows
    the span of the capture; there are at most 120.

    >>> import finrst, finrst.plot
    >>> figure = finrst.plot.timeline(finrst.conversation("> S, < R."))
    >>> figure.finding
    'One FIN or RST segment: RST'
    """
    columns = Columns(data, ["time", "kind", "cause"], ["teardowns"])
    figure = chart(3.8, dark=dark, width=width)
    times = columns.times("time")
    known = times != NOT_A_TIME
    if not known.any():
        return empty(figure, axes(figure), "No FIN or RST segment")
    kinds = columns.words("kind")
    resets = np.array([name == "rst" for name in kinds.names] + [False])[kinds.codes]
    places = classes_of(columns.words("cause"))
    start, step, count = bins(times[known])
    where = (times - start) // step
    shape = (2, len(CLASSES), count)
    cells = np.ravel_multi_index((resets[known].astype(int), places[known], where[known]), shape)
    heights = np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)
    there = [kind for kind in (_FIN, _RST) if heights[kind].any()]
    if len(there) == 1:
        figure.set_figheight(2.6)
    layout: Any = figure.get_layout_engine()
    layout.set(hspace=0, h_pad=0.02)
    grid = figure.add_gridspec(len(there), 1)
    first: Axes | None = None
    for row, kind in enumerate(there):
        ax = axes(figure, grid[row], sharex=first)
        first = first or ax
        origin, scale = time_axis(ax, start, step * count, zone_of(data))
        left = origin + np.arange(count) * step * scale
        _stack(ax, heights[kind], left, step * scale, downwards=kind == _RST)
        if row < len(there) - 1:
            ax.tick_params(axis="x", which="both", length=0, labelbottom=False)
            ax.set_xlabel("")
    figure.supylabel(f"segments in {duration(step / 1e9)}", color=SOFT, fontsize=9.5)
    shown = [CLASSES[place].name for place in np.unique(places[known])]
    return finish(figure, _peak(heights, start, step, zone_of(data)), shown)


def _stack(ax: Axes, heights: Any, left: Any, step: float, *, downwards: bool) -> None:
    """Draw the segments of one kind, one class upon the other."""
    # Gaps between many bars would be all that one sees.
    wide = step * (0.92 if len(left) <= _GAPS else 1)
    edges: Any = {"align": "edge", "linewidth": 0, "antialiased": len(left) <= _GAPS}
    base = np.zeros(len(left))
    for place, values in enumerate(heights):
        if values.any():
            paint = CLASSES[place].colour
            ax.bar(left, values, width=wide, bottom=base, color=paint, **edges)
            base = base + values
    most = int(base.max())
    ax.set_ylim((1.18 * most, 0) if downwards else (0, 1.18 * most))
    whole(ax.yaxis, 5)
    ax.spines["bottom"].set_visible(not downwards)
    ax.spines["top"].set(visible=downwards, color=SOFT)
    if not downwards:
        ax.spines["bottom"].set_color(SOFT)
    ax.text(
        0.995,
        0.04 if downwards else 0.96,
        f"{'RST' if downwards else 'FIN'}, at most {number(most)}",
        transform=ax.transAxes,
        ha="right",
        va="bottom" if downwards else "top",
        color=INK,
        fontsize=8.5,
        fontweight="bold",
    )


def _peak(heights: Any, start: int, width: int, where: dt.tzinfo) -> str:
    fins, resets = (int(stack.sum()) for stack in heights)
    if fins + resets == 1:
        return f"One FIN or RST segment: {'FIN' if fins else 'RST'}"
    said = f"{plural(fins, 'FIN segment')}, {plural(resets, 'RST segment')}"
    if not resets:
        return f"{said}: nothing was reset"
    per_bin = heights[1].sum(axis=0)
    top = int(per_bin.max())
    if top > max(3, 3 * resets / len(per_bin)):
        begin = moment(start + int(per_bin.argmax()) * width, len(per_bin) * width, where)
        return f"{said}; resets peak at {number(top)} in {duration(width / 1e9)} from {begin}"
    return f"{said}, without a peak of resets"
