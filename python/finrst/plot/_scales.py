"""Logarithmic axes of durations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from finrst._base.text import duration

from ._style import is_narrow

if TYPE_CHECKING:
    from ._columns import Floats

_FEW = 4
"""Ticks for which a phone has room."""
SHORTEST = 1e-6
"""Seconds as which what took no time is drawn."""


def _ticks(low: float, high: float) -> list[float]:
    decades = [10.0**power for power in range(-6, 1)]
    long = [10, 60, 600, 3600, 6 * 3600, 86400, 7 * 86400, 30 * 86400, 365 * 86400]
    ticks = [tick for tick in [*decades, *long] if low <= tick <= high]
    if len(ticks) > 3:  # noqa: PLR2004
        return ticks
    fine = {step * tick for tick in decades[:-1] for step in (1, 2, 5)}
    fine |= {1, 2, 5, 20, 30, 120, 300, 1800, *long}
    return sorted(tick for tick in fine if low <= tick <= high)


def log_axis(axis: Any, low: float, high: float) -> None:
    """Put round durations at an axis."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    ticks = _ticks(low, high)
    if axis.axis_name == "x" and is_narrow(axis.axes):
        ticks = ticks[:: -(-len(ticks) // _FEW)]
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: duration(value)))


def edges(values: Floats, count: int) -> Floats:
    """Give the edges of so many bins of one ratio, with room around the values."""
    low, high = float(values.min()), float(values.max())
    low, high = low / 1.6, max(high * 1.6, low * 4)
    return np.geomspace(low, high, count + 1)
