"""Who fails with whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from finrst._base.classes import CLASSES, class_of
from finrst._base.places import place
from finrst._base.services import port_name
from finrst._base.text import number, share

from ._columns import Columns, Words
from ._style import INK, axes, chart, classes_of, empty, finish, label

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from finrst._tables.naming import Naming

    from ._columns import Integers
    from ._style import Chart

_SERVERS = 18
_CLIENTS = 10
_ROOMY = 3
_NAMED = {1: 3, 2: 1, 3: 1}
"""Causes named in a cell, by the number of columns."""
_SPREAD = 0.1


def matrix(data: Any, *, dark: bool | None = None) -> Chart:
    """Draw servers by clients: the number of connections, coloured by their commonest trouble.

    A cell has the colour of the most frequent class of causes that is neither orderly nor open,
    of ``orderly`` when there is none; it is the stronger the more connections there are. Hosts
    with most trouble come first; the others are added up. Up to three clients leave room to name
    the causes. Where trouble is spread over so many servers that the worst of them hardly matter,
    the rows are the servers' ports.

    ``data`` is a Capture, or a table with ``client_ip``, ``server_ip``, ``server_port`` and
    ``cause`` as ``connections`` has.

    >>> import finrst, finrst.plot
    >>> figure = finrst.plot.matrix(finrst.conversation("> S, < R."))
    >>> figure.finding
    '198.51.100.1:443 (https) has all of the trouble: 1 connection that is not orderly'
    """
    needed = ["client_ip", "server_ip", "server_port", "cause"]
    columns = Columns(data, needed, ["connections"])
    if not len(columns):
        figure = chart(8.6, 2, dark=dark)
        return empty(figure, axes(figure), "No connection")
    causes = columns.words("cause")
    places = classes_of(causes)
    troubled = (places > 0) & (places < len(CLASSES) - 1)
    naming = getattr(data, "naming", None)
    servers = _servers(columns, troubled, naming)
    clients = _clients(columns, troubled, naming)
    spread = servers.covered(_SERVERS) < _SPREAD
    shown = _ports(columns, troubled) if spread else servers
    rows, row_names = shown.ranked(_SERVERS, "ports" if spread else "servers")
    across, column_names = clients.ranked(_CLIENTS, "clients")
    shape = (len(row_names), len(column_names), len(CLASSES))
    cells = np.ravel_multi_index((rows, across, places), shape)
    counts = np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)
    figure = chart(8.6, 1.5 + 0.29 * len(row_names), dark=dark)
    if len(column_names) > _ROOMY:
        figure.set_figheight(figure.get_figheight() + 0.6)
    ax = axes(figure)
    said = _numbers(counts) if len(column_names) > _ROOMY else _named(rows, across, causes, shape)
    _draw(ax, counts, said)
    ax.set_yticks(range(len(row_names)), row_names)
    slant: Any = {"rotation": 30, "ha": "right"} if len(column_names) > _ROOMY else {}
    ax.set_xticks(range(len(column_names)), column_names, **slant)
    ax.tick_params(length=0, labelcolor=INK, labelsize=8.5)
    ax.grid(visible=False)
    for side in ax.spines.values():
        side.set_visible(False)
    ax.set_xlabel("client (number of connections)", loc="left")
    ax.set_ylabel("server's port" if spread else "server")
    title = _finding(servers, clients, shown)
    return finish(figure, title, [CLASSES[place].name for place in np.unique(_tops(counts))])


@dataclass(frozen=True)
class _Hosts:
    """Rows by host: the host's number for every row, and how to name a host."""

    codes: Integers
    first: Integers
    """The first row of each host: ties are broken by it, whoever made the table."""
    troubled: NDArray[np.bool_]
    name: Callable[[int], str]

    @property
    def bad(self) -> Integers:
        """Troubled connections of each host."""
        return np.bincount(self.codes[self.troubled], minlength=len(self.first))

    def order(self) -> Integers:
        """Give the hosts, most trouble first."""
        everything = np.bincount(self.codes, minlength=len(self.first))
        return np.lexsort((self.first, -everything, -self.bad))

    def covered(self, most: int) -> float:
        """Give the share of all trouble that the worst hosts have."""
        total = int(self.bad.sum())
        kept = np.sort(self.bad)[::-1][: most - 1]
        return float(kept.sum()) / total if total and len(self.first) > most else 1.0

    def ranked(self, most: int, noun: str) -> tuple[Integers, list[str]]:
        """Give every row's place among the worst hosts, and the names of the places."""
        order = self.order()
        kept = order if len(order) <= most else order[: most - 1]
        names = [label(self.name(int(host))) for host in kept]
        if len(kept) < len(order):
            names.append(f"{number(len(order) - len(kept))} other {noun}")
        places = np.full(len(order), len(kept), dtype=np.int64)
        places[kept] = np.arange(len(kept))
        return places[self.codes], names


def _hosts(keys: Any, troubled: NDArray[np.bool_], name: Callable[[int], str]) -> _Hosts:
    found, first, codes = np.unique(keys, return_index=True, return_inverse=True)
    return _Hosts(codes.reshape(-1), first, troubled, lambda host: name(int(found[host])))


def _servers(columns: Columns, troubled: NDArray[np.bool_], naming: Naming | None) -> _Hosts:
    ips, ports = columns.words("server_ip"), _port(columns)

    def name(key: int) -> str:
        ip = "?" if key < 0 else ips.names[key >> 16]
        return place(ip, key & 0xFFFF, naming.of(ip) if naming else None)

    return _hosts((ips.codes << 16) + ports, troubled, name)


def _clients(columns: Columns, troubled: NDArray[np.bool_], naming: Naming | None) -> _Hosts:
    ips = columns.words("client_ip")

    def name(key: int) -> str:
        ip = "?" if key < 0 else ips.names[key]
        return place(ip, None, naming.of(ip) if naming else None)

    return _hosts(ips.codes, troubled, name)


def _ports(columns: Columns, troubled: NDArray[np.bool_]) -> _Hosts:
    return _hosts(_port(columns), troubled, lambda key: f"port {port_name(key)}")


def _port(columns: Columns) -> Integers:
    return np.nan_to_num(columns.floats("server_port")).astype(np.int64)


def _draw(ax: Axes, counts: Any, said: Any) -> None:
    from matplotlib.patches import Rectangle

    cells = _paint(counts)
    for (y, x), value in np.ndenumerate(counts.sum(axis=2)):
        if value:
            ax.add_patch(Rectangle((x - 0.48, y - 0.45), 0.96, 0.9, facecolor=cells[y, x]))
            ax.text(x, y, said[y][x], ha="center", va="center", color=INK, fontsize=8)
    across = counts.shape[1]
    ax.set_xlim(-0.5, (across if across <= _ROOMY else max(across, 7)) - 0.5)
    ax.set_ylim(counts.shape[0] - 0.5, -0.5)


def _numbers(counts: Any) -> list[list[str]]:
    return [[_short(int(value)) for value in row] for row in counts.sum(axis=2)]


def _named(rows: Integers, across: Integers, causes: Words, shape: tuple[int, ...]) -> Any:
    """Name the commonest causes of every cell, trouble first."""
    names = [*causes.names, "undetermined"]
    size = (*shape[:2], len(names))
    cells = np.ravel_multi_index((rows, across, causes.codes % len(names)), size)
    counts = np.bincount(cells, minlength=int(np.prod(size))).reshape(size)
    calm = {CLASSES[0].name, CLASSES[-1].name}

    def text(cell: Any) -> str:
        there = [i for i in range(len(names)) if cell[i]]
        there.sort(key=lambda i: (class_of(names[i]).name in calm, -cell[i], names[i]))
        kept = there[: _NAMED[shape[1]]]
        more = sum(int(cell[i]) for i in there[len(kept) :])
        words = [f"{label(names[i])} {_short(int(cell[i]))}" for i in kept]
        return ", ".join([*words, f"others {_short(more)}"] if more else words)

    return [[text(cell) for cell in row] for row in counts]


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
    cells[..., 3] = np.where(filled, 0.3 + 0.5 * strength, 0)
    return cells


def _short(value: int) -> str:
    for limit, unit in ((10**6, "M"), (10**4, "k")):
        if value >= limit:
            return f"{value / (10**6 if unit == 'M' else 1000):.3g} {unit}"
    return str(value)


def _finding(servers: _Hosts, clients: _Hosts, shown: _Hosts) -> str:
    total = int(servers.bad.sum())
    if not total:
        return "No host is known to have trouble: every ending is orderly, still open or undecided"
    at, by = int(servers.order()[0]), int(clients.order()[0])
    at_most, by_most = int(servers.bad[at]), int(clients.bad[by])
    if by_most > at_most and len(clients.first) > 1 and by_most >= _SPREAD * total:
        name = label(clients.name(by))
        return f"{name} is the client of {_part(by_most, total)}"
    if shown is servers:
        return f"{label(servers.name(at))} has {_part(at_most, total)}"
    port = int(shown.order()[0])
    return (
        f"Trouble is spread over {number(int((servers.bad > 0).sum()))} servers; "
        f"{shown.name(port)} has {_part(int(shown.bad[port]), total)}"
    )


def _part(most: int, total: int) -> str:
    noun = "connection that is" if most == 1 else "connections that are"
    part = "all" if most == total else share(most, total)
    return f"{part} of the trouble: {number(most)} {noun} not orderly"
