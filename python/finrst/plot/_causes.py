"""How many connections ended for which cause, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from finrst._base.classes import CLASSES, class_of
from finrst._base.text import duration, number, plural, share

from ._columns import NOT_A_TIME, Columns
from ._style import INK, SOFT, axes, chart, classes_of, empty, finish, label, whole
from ._time import bins, moment, time_axis

if TYPE_CHECKING:
    from ._style import Chart

_TOP = 18
_GAPS = 60


def causes(data: Any, *, dark: bool | None = None) -> Chart:
    """Draw how many connections ended for which cause, coloured by the cause's class.

    ``data`` is a Capture, or an Arrow table (also of pandas, polars) with the column ``cause``.
    Beyond the 18 most frequent causes the rest is one bar.

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
    names = [label(words.names[i]) for i in order[:_TOP]]
    values = [int(counts[i]) for i in order[:_TOP]]
    paint = [class_of(words.names[i]).colour for i in order[:_TOP]]
    if len(order) > _TOP:
        names.append(f"{len(order) - _TOP} other causes")
        values.append(int(counts[order[_TOP:]].sum()))
        paint.append(SOFT)
    figure = chart(8, 1.1 + 0.27 * max(3, len(names)), dark=dark)
    ax = axes(figure)
    total = len(columns)
    if not total:
        return empty(figure, ax, "No connection: nothing ended")
    ax.barh(range(len(names)), values, color=paint, height=0.72)
    for y, value in enumerate(values):
        ax.annotate(
            f"{number(value)} ({share(value, total)})",
            (value, y),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            color=SOFT,
            fontsize=8.5,
        )
    ax.set_yticks(range(len(names)), names)
    ax.tick_params(axis="y", length=0, labelcolor=INK)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlim(0, max(values) * 1.16)
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


def timeline(data: Any, *, dark: bool | None = None) -> Chart:
    """Draw when connections were torn down: FIN segments upwards, RST segments downwards.

    ``data`` is a Capture, or a table with ``time``, ``kind`` and ``cause`` as ``teardowns`` has.
    The width of a bin follows the span of the capture; there are at most 120.

    >>> import finrst, finrst.plot
    >>> figure = finrst.plot.timeline(finrst.conversation("> S, < R."))
    >>> figure.finding
    'One FIN or RST segment: RST'
    """
    columns = Columns(data, ["time", "kind", "cause"], ["teardowns"])
    figure = chart(8.6, 3.6, dark=dark)
    ax = axes(figure)
    times = columns.times("time")
    known = times != NOT_A_TIME
    if not known.any():
        return empty(figure, ax, "No FIN or RST segment")
    kinds = columns.words("kind")
    resets = np.array([name == "rst" for name in kinds.names] + [False])[kinds.codes]
    places = classes_of(columns.words("cause"))
    start, width, count = bins(times[known])
    where = (times - start) // width
    origin, scale = time_axis(ax, start, width * count)
    shape = (2, len(CLASSES), count)
    cells = np.ravel_multi_index((resets[known].astype(int), places[known], where[known]), shape)
    heights = np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)
    left = origin + np.arange(count) * width * scale
    # Gaps between many bars would be all that one sees.
    wide = width * scale * (0.92 if count <= _GAPS else 1)
    edges: Any = {"align": "edge", "linewidth": 0, "antialiased": count <= _GAPS}
    for sign, stack in zip((1, -1), heights, strict=True):
        base = np.zeros(count)
        for place, values in enumerate(stack):
            if values.any():
                paint = CLASSES[place].colour
                ax.bar(left, sign * values, width=wide, bottom=base, color=paint, **edges)
                base = base + sign * values
    _mirror(ax, heights)
    ax.set_ylabel(f"segments per {duration(width / 1e9)}")
    shown = [CLASSES[place].name for place in np.unique(places)]
    return finish(figure, _peak(heights, start, width), shown)


def _mirror(ax: Any, heights: Any) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    fins, resets = (max(1, int(stack.sum(axis=0).max())) for stack in heights)
    ax.set_ylim(-1.12 * resets, 1.12 * fins)
    ax.axhline(0, color=SOFT, linewidth=0.8)
    ax.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(abs(round(value)))))
    for y, text in ((0.97, "FIN"), (0.03, "RST")):
        ax.text(
            0.995,
            y,
            text,
            transform=ax.transAxes,
            ha="right",
            va="top" if text == "FIN" else "bottom",
            color=SOFT,
            fontweight="bold",
        )


def _peak(heights: Any, start: int, width: int) -> str:
    fins, resets = (int(stack.sum()) for stack in heights)
    if fins + resets == 1:
        return f"One FIN or RST segment: {'FIN' if fins else 'RST'}"
    said = f"{plural(fins, 'FIN segment')}, {plural(resets, 'RST segment')}"
    if not resets:
        return f"{said}: nothing was reset"
    per_bin = heights[1].sum(axis=0)
    top = int(per_bin.max())
    if top > max(3, 3 * resets / len(per_bin)):
        begin = moment(start + int(per_bin.argmax()) * width, len(per_bin) * width)
        return f"{said}; resets peak at {number(top)} in {duration(width / 1e9)} from {begin}"
    return f"{said}, without a peak of resets"
