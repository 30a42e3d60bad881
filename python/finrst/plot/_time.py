"""Axes of time: bins of round widths, seconds for short captures and dates for long ones."""

from __future__ import annotations

import datetime as dt
from importlib import import_module
from typing import TYPE_CHECKING, Any

from finrst._base.times import clock, offset, zone_name

from ._style import is_narrow

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._columns import Integers

_MOST = 120
_FEWEST = 10
_MILLISECOND = 10**6
_SECOND = 10**9
_SHORT = 300 * _SECOND
_DAY = 86400 * _SECOND
_WIDTHS = [
    *(step * 10**power for power in range(3, 9) for step in (1, 2, 5)),
    *(step * _SECOND for step in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800)),
    *(step * 3600 * _SECOND for step in (1, 2, 3, 6, 12, 24, 48, 168, 720, 8760)),
]


def zone_of(data: Any) -> dt.tzinfo:
    """Give the zone in which a Capture shows its times; those of a table are in UTC."""
    where = getattr(data, "tz", None)
    return where if isinstance(where, dt.tzinfo) else dt.UTC


def bins(times: Integers) -> tuple[int, int, int]:
    """Give start, width (both in nanoseconds) and number of bins of a round width."""
    first, last = int(times.min()), int(times.max())
    # A single moment has no span of its own.
    span = last - first + 1 if last > first else _FEWEST * _MILLISECOND
    width = next((width for width in _WIDTHS if span / width <= _MOST - 1), span)
    start = first // width * width
    return start, width, max(_FEWEST, (last - start) // width + 1)


def moment(time: int, span: int, where: dt.tzinfo = dt.UTC) -> str:
    """Write a time as precisely as matters in a span; both in nanoseconds.

    >>> moment(1_500_000_000, 10**9), moment(0, 10**12), moment(0, 10**15)
    ('00:00:01.500 UTC', '00:00:00 UTC', '1970-01-01 00:00 UTC')
    """
    when = dt.datetime.fromtimestamp(time // _SECOND, dt.UTC)
    zone = offset(when, where)
    if span > _DAY:
        return f"{clock(when, where, date=True)[:-3]} {zone}"
    fraction = f".{time % _SECOND // 10**6:03}" if span < 60 * _SECOND else ""
    return f"{clock(when, where, date=False)}{fraction} {zone}"


def time_axis(ax: Axes, start: int, span: int, where: dt.tzinfo = dt.UTC) -> tuple[float, float]:
    """Prepare the x axis; a time is ``origin + scale`` times its nanoseconds after ``start``."""
    begin = dt.datetime.fromtimestamp(start // _SECOND, dt.UTC)
    if span <= _SHORT:
        fraction = f"{start % _SECOND / _SECOND:.6f}".rstrip("0")[1:].rstrip(".")
        unit, scale = ("ms", 1e-6) if span < _SECOND else ("s", 1e-9)
        zone = offset(begin, where)
        ax.set_xlabel(f"{unit} after {clock(begin, where, date=True)}{fraction} {zone}")
        origin = 0.0
    else:
        dates: Any = import_module("matplotlib.dates")

        scale = 1 / (86400 * _SECOND)
        origin = float(dates.date2num(begin)) + start % _SECOND * scale
        few: dict[str, int] = {"minticks": 3, "maxticks": 5} if is_narrow(ax) else {}
        locator = dates.AutoDateLocator(tz=where, **few)
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, tz=where))
        ax.set_xlabel(zone_name(where))
    ax.set_xlim(origin - 0.01 * span * scale, origin + 1.01 * span * scale)
    return origin, scale
