"""Whether resets look like the host that they claim to come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.path import Path
from matplotlib.ticker import NullLocator

from finrst._base.classes import CLASSES
from finrst._base.palette import BARS
from finrst._base.text import number, plural, share
from finrst._story.evidence import hops

from ._columns import Columns
from ._style import INK, SOFT, axes, chart, classes_of, empty, finish, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from ._columns import Integers
    from ._style import Chart

# Steps of the IP identification, from below; the first row is of those that cannot be compared.
_EDGES = (-64, 0, 1, 65, 1001)
_MINUS = "\N{MINUS SIGN}"
_STEPS = (
    "not\ncomparable",
    f"below {_MINUS}64",
    f"{_MINUS}64 … {_MINUS}1",
    "0, the same",
    "+1 … +64",
    "+65 … +1,000",
    "above +1,000",
)
_NEXT = 4
_HOPS = np.array([hops(ttl) for ttl in range(256)])
_COLUMNS = 41
_AREA = 60
_LABELLED = 24


def fingerprint(data: Any, *, dark: bool | None = None, width: float | None = None) -> Chart:
    """Draw hops and IP identification of resets against their claimed sender's other packets.

    A reset of the host itself lies in the middle: the same path, and in the shaded band when its
    identification is one of the next. One that another machine sent in its name usually does not.
    Resets are added up in circles, whose sectors are the classes of their causes and whose area
    grows with the logarithm of their number. Hops are what a TTL lacks to the number that systems
    begin with (32, 64, 128 or 255), as a scanner and its host may begin with different ones.
    Resets far off share a column.

    ``data`` is a Capture, or a table with ``kind``, ``ttl``, ``ttl_delta``, ``ip_id_delta`` and
    ``cause`` as ``teardowns`` has. Resets without a comparable packet are left out, and counted.

    >>> import finrst, finrst.plot
    >>> figure = finrst.plot.fingerprint(finrst.conversation("> S, < R."))
    >>> figure.finding
    'No reset can be compared with other packets of its sender'
    """
    needed = ["kind", "ttl", "ttl_delta", "ip_id_delta", "cause"]
    columns = Columns(data, needed, ["teardowns"])
    kinds = columns.words("kind")
    resets = np.array([name == "rst" for name in kinds.names] + [False])[kinds.codes]
    ttl, delta = columns.floats("ttl"), columns.floats("ttl_delta")
    identification = columns.floats("ip_id_delta")
    places = classes_of(columns.words("cause"))
    known = resets & ~np.isnan(delta)
    figure = chart(4.2, dark=dark, width=width)
    ax = axes(figure)
    if not known.any():
        return empty(figure, ax, "No reset can be compared with other packets of its sender")
    further = _hops(ttl[known]) - _hops(ttl[known] - delta[known])
    steps = _step(identification[known])
    centres, across = _columns(further)
    shape = (len(_STEPS), len(centres), len(CLASSES))
    cells = np.ravel_multi_index((steps, across, places[known]), shape)
    counts = np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)
    ax.axhspan(_NEXT - 0.5, _NEXT + 0.5, color=BARS, alpha=0.14, linewidth=0)
    ax.axvline(0, color=SOFT, linewidth=0.8)
    _pies(ax, centres, counts)
    reach = max(4.0, float(np.abs(further).max()) * 1.12)
    ax.set_xlim(-reach, reach)
    ax.set_ylim(-0.6, len(_STEPS) - 0.4)
    ax.set_yticks(range(len(_STEPS)), _STEPS)
    ax.yaxis.set_minor_locator(NullLocator())
    whole(ax.xaxis)
    ax.xaxis.set_major_formatter(lambda value, _: _signed(round(value)))
    ax.set_xlabel("hops of the reset minus those of its sender's other packets")
    ax.set_ylabel("IP identification after the one before")
    odd, total = int(np.count_nonzero(further)), int(known.sum())
    return finish(
        figure,
        _finding(odd, total, int(resets.sum()) - total),
        [CLASSES[place].name for place in np.unique(places[known])],
    )


def _hops(ttl: NDArray[np.float64]) -> Integers:
    return _HOPS[ttl.astype(np.int64)]


def _step(identification: NDArray[np.float64]) -> Integers:
    places = np.searchsorted(_EDGES, np.nan_to_num(identification), side="right") + 1
    return np.where(np.isnan(identification), 0, places)


def _columns(further: Integers) -> tuple[Integers, Integers]:
    """Give the hops at which columns stand, and the column of every reset."""
    width = 1
    while len(np.unique(_rounded(further, width))) > _COLUMNS:
        width *= 2
    centres, across = np.unique(_rounded(further, width), return_inverse=True)
    return centres, across.reshape(-1)


def _rounded(further: Integers, width: int) -> Integers:
    """Round away from zero, so that only resets without a difference stand at none."""
    return np.asarray(np.sign(further) * -(-np.abs(further) // width) * width, dtype=np.int64)


def _pies(ax: Axes, centres: Integers, counts: Any) -> None:
    sums = counts.sum(axis=2)
    fullest = np.argsort(-sums, axis=None, kind="stable")[:_LABELLED]
    named = {divmod(int(place), sums.shape[1]) for place in fullest}
    for (step, column), total in np.ndenumerate(sums):
        if not total:
            continue
        x, area = int(centres[column]), _AREA * (1 + np.log2(total))
        turn = 0.0
        for place, count in enumerate(counts[step, column]):
            if count:
                part = float(count / total)
                ax.scatter(
                    x,
                    step,
                    s=area * _extent(turn, turn + part) ** 2,
                    marker=_sector(turn, turn + part),
                    c=CLASSES[place].colour,
                    linewidths=0,
                )
                turn += part
        if (step, column) in named:
            ax.annotate(
                number(int(total)),
                (x, step),
                xytext=(np.sqrt(area) / 2 + 3, 0),
                textcoords="offset points",
                va="center",
                color=INK,
                fontsize=8.5,
            )


def _vertices(begin: float, end: float) -> Any:
    angles = 2 * np.pi * np.linspace(begin, end, max(3, int(60 * (end - begin)) + 2))
    arc = np.stack([np.sin(angles), np.cos(angles)], axis=1)
    return arc if end - begin >= 1 else np.vstack([(0, 0), arc, (0, 0)])


def _extent(begin: float, end: float) -> float:
    """Give what matplotlib scales a marker down by: its farthest coordinate."""
    return float(np.abs(_vertices(begin, end)).max())


def _sector(begin: float, end: float) -> Path:
    return Path(_vertices(begin, end))


def _signed(further: int) -> str:
    return f"{further:+d}".replace("-", _MINUS) if further else "0"


def _finding(odd: int, total: int, left_out: int) -> str:
    title = (
        f"{number(odd)} of {plural(total, 'reset')} ({share(odd, total)}) came over other hops "
        "than the claimed sender's packets"
        if odd
        else f"All {plural(total, 'reset')} came over the hops of the claimed sender"
        if total > 1
        else "The reset came over the hops of the claimed sender"
    )
    return f"{title}; {number(left_out)} more cannot be compared" if left_out else title
