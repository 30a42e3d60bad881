"""Whether resets look like the host that they claim to come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import NullLocator

from finrst._classes import CLASSES
from finrst._text import number, plural

from ._columns import Columns
from ._style import SOFT, axes, chart, classes_of, empty, finish, share, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._columns import Integers
    from ._style import Chart

_LINEAR = 16
_CLOSE = 64
_MOST = 4000
_LABELLED = 12
_TICKS = (-10000, -100, -10, 0, 10, 100, 10000)
# Below every difference of two 16-bit numbers.
_UNKNOWN = -300_000


def fingerprint(data: Any, *, dark: bool | None = None) -> Chart:
    """Draw TTL and IP identification of resets against their claimed sender's other packets.

    A reset of the host itself lies in the middle: the same path, the next identification. One
    that another machine sent in its name usually does not. Equal points are added up; the area
    of a point grows with their number.

    ``data`` is a Capture, or a table with ``kind``, ``ttl_delta``, ``ip_id_delta`` and ``cause``
    as ``teardowns`` has. Resets without a comparable packet are left out, and counted.

    >>> import finrst, finrst.plot
    >>> figure = finrst.plot.fingerprint(finrst.conversation("> S, < R."))
    >>> figure.finding
    'No reset can be compared with other packets of its sender'
    """
    needed = ["kind", "ttl_delta", "ip_id_delta", "cause"]
    columns = Columns(data, needed, ["teardowns"])
    kinds = columns.words("kind")
    resets = np.array([name == "rst" for name in kinds.names] + [False])[kinds.codes]
    ttl, identification = columns.floats("ttl_delta"), columns.floats("ip_id_delta")
    places = classes_of(columns.words("cause"))
    known = resets & ~np.isnan(ttl)
    figure = chart(7.6, 4.4, dark=dark)
    ax = axes(figure)
    if not known.any():
        return empty(figure, ax, "No reset can be compared with other packets of its sender")
    level = np.where(np.isnan(identification), _UNKNOWN, identification)
    spots = (level[known].astype(np.int64), ttl[known].astype(np.int64), places[known])
    points, counts = _distinct(spots)
    order = np.argsort(-counts, kind="stable")[:_MOST]
    (y, x, of_class), counts = points[:, order], counts[order]
    ax.axhspan(-_CLOSE, _CLOSE, color=CLASSES[0].colour, alpha=0.08, linewidth=0)
    ax.axvline(0, color=SOFT, linewidth=0.8)
    paint = [CLASSES[int(place)].colour for place in of_class]
    ax.scatter(x, y, s=26 + 60 * np.log2(counts), c=paint, alpha=0.6, linewidths=0)
    _count(ax, np.stack([x, y]), counts)
    reach = max(4.0, float(np.abs(x).max()) * 1.15)
    ax.set_xlim(-reach, reach)
    ax.set_yscale("symlog", linthresh=_LINEAR)
    ax.set_ylim(3 * _UNKNOWN, -_UNKNOWN)
    ticks = {value: number(value).replace("-", "\N{MINUS SIGN}") for value in _TICKS}
    ax.set_yticks([_UNKNOWN, *ticks], ["not\ncomparable", *ticks.values()])
    ax.yaxis.set_minor_locator(NullLocator())
    whole(ax.xaxis)
    ax.set_xlabel("TTL of the reset minus its sender's usual one (hops)")
    ax.set_ylabel("IP identification minus the one before")
    odd, total = int((known & (ttl != 0)).sum()), int(known.sum())
    left_out = int(resets.sum()) - total
    title = (
        f"{number(odd)} of {plural(total, 'reset')} ({share(odd, total)}) came with a TTL "
        "that the claimed sender does not use"
        if odd
        else f"All {plural(total, 'reset')} came with the TTL of the claimed sender"
    )
    if left_out:
        title += f"; {number(left_out)} more cannot be compared"
    return finish(figure, title, [CLASSES[place].name for place in np.unique(places[known])])


def _distinct(columns: tuple[Integers, ...]) -> tuple[Integers, Integers]:
    """Give the distinct columns of numbers, and how often each comes; of a million at once."""
    lows = [int(column.min()) for column in columns]
    shape = tuple(int(c.max()) - low + 1 for c, low in zip(columns, lows, strict=True))
    shifted = tuple(column - low for column, low in zip(columns, lows, strict=True))
    keys, counts = np.unique(np.ravel_multi_index(shifted, shape), return_counts=True)
    points = np.stack(np.unravel_index(keys, shape)) + np.array(lows)[:, None]
    return points, counts


def _count(ax: Axes, points: Any, counts: Any) -> None:
    """Write the number of resets beside the fullest points."""
    where, inverse = np.unique(points, axis=1, return_inverse=True)
    sums = np.bincount(inverse.reshape(-1), counts).astype(int)
    for place in np.argsort(-sums, kind="stable")[:_LABELLED]:
        if sums[place] > 1:
            ax.annotate(
                number(int(sums[place])),
                (where[0, place], where[1, place]),
                xytext=(12, 8),
                textcoords="offset points",
                color=SOFT,
                fontsize=8.5,
            )
