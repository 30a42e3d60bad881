"""Who fails with whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from finrst._classes import CLASSES
from finrst._summary import endpoint
from finrst._text import number

from ._columns import Columns, Words
from ._style import INK, axes, chart, classes_of, empty, finish, label, share

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from ._style import Chart

_SERVERS = 18
_CLIENTS = 10
_FEW = 2


def matrix(data: Any, *, dark: bool | None = None) -> Chart:
    """Draw servers by clients: the number of connections, coloured by their commonest trouble.

    A cell has the colour of the most frequent class of causes that is neither orderly nor open,
    of ``orderly`` when there is none; it is the stronger the more connections there are. Hosts
    with most trouble come first; the others are added up.

    ``data`` is a Capture, or a table with ``client_ip``, ``server_ip``, ``server_port`` and
    ``cause`` as ``connections`` has.

    >>> import finrst, finrst.plot
    >>> figure = finrst.plot.matrix(finrst.conversation("> S, < R."))
    >>> figure.finding
    '198.51.100.1:443 has all of the trouble: 1 connection that is not orderly'
    """
    needed = ["client_ip", "server_ip", "server_port", "cause"]
    columns = Columns(data, needed, ["connections"])
    figure = chart(8.6, 4, dark=dark)
    if not len(columns):
        return empty(figure, axes(figure), "No connection")
    places = classes_of(columns.words("cause"))
    troubled = (places > 0) & (places < len(CLASSES) - 1)
    servers = _servers(columns)
    rows, row_names = _ranked(servers, troubled, _SERVERS, "servers")
    across, column_names = _ranked(columns.words("client_ip"), troubled, _CLIENTS, "clients")
    shape = (len(row_names), len(column_names), len(CLASSES))
    cells = np.ravel_multi_index((rows, across, places), shape)
    counts = np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)
    figure.set_size_inches(2.6 + 0.6 * max(7, len(column_names)), 2 + 0.29 * len(row_names))
    ax = axes(figure)
    _draw(ax, counts)
    ax.set_yticks(range(len(row_names)), row_names)
    ax.set_xticks(range(len(column_names)), column_names, **_slant(column_names))
    ax.tick_params(length=0, labelcolor=INK, labelsize=8.5)
    ax.grid(visible=False)
    for side in ax.spines.values():
        side.set_visible(False)
    ax.set_xlabel("client (number of connections)", loc="left")
    ax.set_ylabel("server")
    title = _finding(servers, troubled)
    return finish(figure, title, [CLASSES[place].name for place in np.unique(_tops(counts))])


def _slant(names: list[str]) -> dict[str, Any]:
    """Slant labels where they would not stand beside each other."""
    return {"rotation": 35, "ha": "right"} if len(names) > _FEW else {}


def _draw(ax: Axes, counts: Any) -> None:
    from matplotlib.patches import Rectangle

    cells = _paint(counts)
    for (y, x), value in np.ndenumerate(counts.sum(axis=2)):
        if value:
            ax.add_patch(Rectangle((x - 0.47, y - 0.45), 0.94, 0.9, facecolor=cells[y, x]))
            ax.text(x, y, _short(int(value)), ha="center", va="center", color=INK, fontsize=8)
    ax.set_xlim(-0.5, max(counts.shape[1], 7) - 0.5)
    ax.set_ylim(counts.shape[0] - 0.5, -0.5)


def _servers(columns: Columns) -> Words:
    ips, ports = columns.words("server_ip"), columns.floats("server_port")
    keys, codes = np.unique((ips.codes << 16) + ports.astype(np.int64), return_inverse=True)
    names = [endpoint("?" if key < 0 else ips.names[key >> 16], int(key & 0xFFFF)) for key in keys]
    return Words(codes.reshape(-1), names)


def _ranked(
    words: Words, troubled: NDArray[np.bool_], most: int, noun: str
) -> tuple[NDArray[np.int64], list[str]]:
    size = len(words.names)
    bad = np.bincount(words.codes[troubled], minlength=size)
    everything = np.bincount(words.codes, minlength=size)
    order = np.lexsort((np.array(words.names), -everything, -bad))
    order = order[everything[order] > 0]
    kept = order if len(order) <= most else order[: most - 1]
    names = [label(words.names[i]) for i in kept]
    if len(kept) < len(order):
        names.append(f"{number(len(order) - len(kept))} other {noun}")
    places = np.full(size, len(kept), dtype=np.int64)
    places[kept] = np.arange(len(kept))
    return places[words.codes], names


def _tops(counts: Any) -> NDArray[np.int64]:
    trouble = counts[:, :, 1:-1]
    worst = np.where(trouble.any(axis=2), trouble.argmax(axis=2) + 1, 0)
    worst = np.where(counts[:, :, :-1].any(axis=2), worst, len(CLASSES) - 1)
    return np.asarray(worst[counts.any(axis=2)], dtype=np.int64)


def _paint(counts: Any) -> NDArray[np.float64]:
    from matplotlib.colors import to_rgb

    palette = np.array([to_rgb(one.colour) for one in CLASSES])
    total = counts.sum(axis=2)
    filled = total > 0
    cells = np.zeros((*total.shape, 4))
    cells[filled, :3] = palette[_tops(counts)]
    strength = np.log1p(total) / np.log1p(max(1, total.max()))
    cells[..., 3] = np.where(filled, 0.25 + 0.6 * strength, 0)
    return cells


def _short(value: int) -> str:
    for limit, unit in ((10**6, "M"), (10**4, "k")):
        if value >= limit:
            return f"{value / (10**6 if unit == 'M' else 1000):.3g} {unit}"
    return str(value)


def _finding(servers: Words, troubled: NDArray[np.bool_]) -> str:
    bad = np.bincount(servers.codes[troubled], minlength=len(servers.names))
    whole = int(bad.sum())
    if not whole:
        return "No host has trouble: every ending is orderly or still open"
    worst = int(bad.argmax())
    name, most = label(servers.names[worst]), int(bad[worst])
    noun = "connection that is" if most == 1 else "connections that are"
    part = "all" if most == whole else share(most, whole)
    return f"{name} has {part} of the trouble: {number(most)} {noun} not orderly"
