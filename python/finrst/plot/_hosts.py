"""Who fails with whom."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from finrst._base.classes import CLASSES, class_of
from finrst._base.places import place
from finrst._base.services import port_name
from finrst._base.text import number, plural, share

from ._columns import Columns, Words
from ._style import INK, SOFT, axes, chart, classes_of, empty, finish, label

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
_COLUMN = 0.74
"""Inches of a column, so that "131 / 1,387" fits."""
_LETTERS = 13.0
"""Of a name or a cell, in an inch."""
_NAMES, _LONGEST = 6, 48
"""Letters of a name for each inch of the whole, and at most."""
_APART = 0.35
"""Between the named and the others, in rows or columns."""
_HOW = "cells: in trouble / all connections; the deeper, the more are in trouble"
_FAINT, _DEPTH = 0.16, 0.5
_SPREAD = 0.5
"""Share of the trouble below which the worst servers do not tell where it is."""
_MOSTLY = 0.1


def matrix(data: Any, *, dark: bool | None = None, width: float | None = None) -> Chart:
    """Draw who has trouble with whom: servers by clients, trouble over all connections.

    A cell says how many connections are in trouble, neither orderly nor open, and how many there
    are at all, as in "131 / 1,387". It has the colour of the class of its commonest trouble, the
    deeper the more trouble there is, and none without any. Hosts with most trouble come first; the
    others are added up, apart and without colour. Up to three clients leave room to name the
    causes. Where trouble is spread over so many servers that the worst of them have less than half
    of it, the rows are the servers' ports.

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
        figure = chart(2, dark=dark, width=width)
        return empty(figure, axes(figure), "No connection")
    causes = columns.words("cause")
    places = classes_of(causes)
    troubled = (places > 0) & (places < len(CLASSES) - 1)
    naming = getattr(data, "naming", None)
    servers = _servers(columns, troubled, naming)
    clients = _clients(columns, troubled, naming)
    spread = servers.covered(_SERVERS) < _SPREAD
    shown = _ports(columns, troubled) if spread else servers
    figure = chart(1.5, dark=dark, width=width)
    letters = min(_LONGEST, int(_NAMES * figure.get_figwidth()))
    rows, row_names = shown.ranked(_SERVERS, "ports" if spread else "servers", letters)
    figure.set_figheight(1.5 + 0.29 * len(row_names))
    room = figure.get_figwidth() - max(map(len, row_names)) / _LETTERS - 0.3
    most = min(_CLIENTS, max(_ROOMY - 1, int(room / _COLUMN)))
    across, column_names = clients.ranked(most, "clients", letters)
    shape = (len(row_names), len(column_names), len(CLASSES))
    cells = np.ravel_multi_index((rows, across, places), shape)
    counts = np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)
    slanted = sum(map(len, column_names)) / _LETTERS + 0.2 * len(column_names) > room
    if slanted:
        figure.set_figheight(figure.get_figheight() + 0.6)
    ax = axes(figure)
    said = _numbers(counts)
    if len(column_names) <= _ROOMY:
        fits = int(_LETTERS * room / len(column_names))
        said = _named(said, _Cells(rows, across, causes), shape, fits)
    others = shown.folded(_SERVERS), clients.folded(most)
    _draw(ax, counts, said, others)
    ax.set_yticks(_levels(len(row_names), apart=others[0]), row_names)
    slant: Any = {"rotation": 30, "ha": "right"} if slanted else {}
    ax.set_xticks(_levels(len(column_names), apart=others[1]), column_names, **slant)
    ax.tick_params(length=0, labelcolor=INK, labelsize=8.5)
    for axis, folded in zip((ax.yaxis, ax.xaxis), others, strict=True):
        if folded:
            axis.get_ticklabels()[-1].set_color(SOFT)
    ax.grid(visible=False)
    for side in ax.spines.values():
        side.set_visible(False)
    how = textwrap.wrap(_HOW, max(20, int(0.9 * _LETTERS * room)))
    figure.set_figheight(figure.get_figheight() + 0.17 * len(how))
    ax.set_xlabel("\n".join(["client", *how]), loc="left")
    ax.set_ylabel("server's port" if spread else "server")
    title = _finding(servers, clients, shown)
    tops = _tops(counts)[_trouble(counts) > 0]
    return finish(figure, title, [CLASSES[place].name for place in np.unique(tops)])


@dataclass(frozen=True)
class _Cells:
    """For every connection its row, its column and its cause."""

    rows: Integers
    across: Integers
    causes: Words


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

    def folded(self, most: int) -> bool:
        """Tell whether the last place is that of all others."""
        return len(self.first) > most

    def ranked(self, most: int, noun: str, letters: int) -> tuple[Integers, list[str]]:
        """Give every row's place among the worst hosts, and the names of the places."""
        order = self.order()
        kept = order if len(order) <= most else order[: most - 1]
        names = [label(self.name(int(host)), letters) for host in kept]
        if self.folded(most):
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


def _levels(count: int, *, apart: bool) -> list[float]:
    """Give where rows or columns stand; the last one a little apart when it is of the others."""
    return [place + (_APART if apart and place == count - 1 else 0) for place in range(count)]


def _draw(ax: Axes, counts: Any, said: list[list[str]], others: tuple[bool, bool]) -> None:
    from matplotlib.patches import Rectangle

    height, width = counts.shape[:2]
    ys, xs = _levels(height, apart=others[0]), _levels(width, apart=others[1])
    cells = _paint(counts, others)
    for (row, column), value in np.ndenumerate(counts.sum(axis=2)):
        if value:
            x, y = xs[column], ys[row]
            ax.add_patch(
                Rectangle(
                    (x - 0.48, y - 0.45), 0.96, 0.9, facecolor=cells[row, column], edgecolor="none"
                )
            )
            ax.text(x, y, said[row][column], ha="center", va="center", color=INK, fontsize=8)
    ax.set_xlim(-0.5, xs[-1] + 0.5)
    ax.set_ylim(ys[-1] + 0.5, -0.5)


def _trouble(counts: Any) -> Any:
    """Count what is neither orderly nor undecided, in every cell."""
    return counts[:, :, 1:-1].sum(axis=2)


def _numbers(counts: Any) -> list[list[str]]:
    pairs = zip(_trouble(counts), counts.sum(axis=2), strict=True)
    return [
        [f"{_short(int(bad))} / {_short(int(all_))}" for bad, all_ in zip(*row, strict=True)]
        for row in pairs
    ]


def _named(
    said: list[list[str]], cells: _Cells, shape: tuple[int, ...], letters: int
) -> list[list[str]]:
    """Name the commonest causes of every cell, trouble before the rest, as far as they fit."""
    names = [*cells.causes.names, "undetermined"]
    size = (*shape[:2], len(names))
    places = np.ravel_multi_index((cells.rows, cells.across, cells.causes.codes % len(names)), size)
    counts = np.bincount(places, minlength=int(np.prod(size))).reshape(size)
    calm = {CLASSES[0].name, CLASSES[-1].name}

    def text(begin: str, cell: Any) -> str:
        there = [i for i in range(len(names)) if cell[i]]
        bad = [i for i in there if class_of(names[i]).name not in calm]
        there = sorted(bad or there, key=lambda i: (-cell[i], names[i]))
        for kept in range(min(len(there), _NAMED[shape[1]]), 0, -1):
            rest = sum(int(cell[i]) for i in there[kept:])
            words = [f"{label(names[i])} {_short(int(cell[i]))}" for i in there[:kept]]
            words += [f"others {_short(rest)}"] if rest else []
            told = f"{begin}: {', '.join(words)}"
            if len(told) <= letters:
                return told
        return begin

    pairs = zip(said, counts, strict=True)
    return [[text(*cell) for cell in zip(*row, strict=True)] for row in pairs]


def _tops(counts: Any) -> NDArray[np.int64]:
    """Give the place of the commonest class of trouble, in every cell."""
    return np.asarray(counts[:, :, 1:-1].argmax(axis=2) + 1, dtype=np.int64)


def _paint(counts: Any, others: tuple[bool, bool]) -> NDArray[np.float64]:
    """Give every cell its colour: how deep follows how much trouble the worst of them has."""
    from matplotlib.colors import to_rgb

    palette = np.array([to_rgb(one.colour) for one in CLASSES])
    bad = _trouble(counts).astype(np.float64)
    # Sums of others are no cell like the rest.
    if others[0]:
        bad[-1, :] = 0
    if others[1]:
        bad[:, -1] = 0
    cells = np.zeros((*bad.shape, 4))
    cells[..., :3] = np.where((bad > 0)[..., None], palette[_tops(counts)], to_rgb(SOFT))
    strength = np.log1p(bad) / np.log1p(max(1.0, bad.max()))
    cells[..., 3] = np.where(bad > 0, _FAINT + _DEPTH * strength, 0.08)
    return cells


def _short(value: int) -> str:
    for limit, unit in ((10**6, "M"), (10**5, "k")):
        if value >= limit:
            return f"{value / (10**6 if unit == 'M' else 1000):.3g} {unit}"
    return number(value)


def _finding(servers: _Hosts, clients: _Hosts, shown: _Hosts) -> str:
    total = int(servers.bad.sum())
    if not total:
        return "No host is known to have trouble: every ending is orderly, still open or undecided"
    at, by = int(servers.order()[0]), int(clients.order()[0])
    at_most, by_most = int(servers.bad[at]), int(clients.bad[by])
    if by_most > at_most and len(clients.first) > 1 and by_most >= _MOSTLY * total:
        name = label(clients.name(by))
        return f"{name} is the client of {_part(by_most, total)}"
    if shown is servers:
        return f"{label(servers.name(at))} has {_part(at_most, total)}"
    port = int(shown.order()[0])
    most = int(shown.bad[port])
    spread = f"Trouble is spread over {plural(int((servers.bad > 0).sum()), 'service')}"
    if most < _MOSTLY * total:
        ports = plural(int((shown.bad > 0).sum()), "port")
        return f"{spread} at {ports}; none has more than {share(most, total)} of it"
    return f"{spread}; {shown.name(port)} has {_part(most, total)}"


def _part(most: int, total: int) -> str:
    noun = "connection that is" if most == 1 else "connections that are"
    part = "all" if most == total else share(most, total)
    return f"{part} of the trouble: {number(most)} {noun} not orderly"
