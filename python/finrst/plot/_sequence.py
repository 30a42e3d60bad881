"""The time/sequence graph of one direction of a connection, as tcptrace draws it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from finrst._classes import BY_NAME
from finrst._text import number, plural

from ._packets import story
from ._style import INK, SOFT, axes, chart, empty, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._style import Chart

_RASTER = 5000
_MILLISECONDS = 1.0


def sequence(
    data: Any,
    connection_id: int | None = None,
    *,
    sender: Literal["client", "server"] | None = None,
    dark: bool | None = None,
) -> Chart:
    """Draw one side's octets over time, with the peer's acknowledgments and receive window.

    ``data`` is a Capture with the number of the connection, or a table of its packets as
    ``Capture.packets`` gives. Without ``sender`` the side that sent more octets is drawn.

    >>> import finrst, finrst.plot
    >>> cap = finrst.conversation("> S, < S., > ., > P. 120, < ., > F., < F., > .")
    >>> finrst.plot.sequence(cap).finding
    'Client sent 120 octets in 1 segment, none again; FIN by client, FIN by server'
    """
    one = story(data, connection_id)
    figure = chart(8.6, 4, dark=dark)
    ax = axes(figure)
    if not one.packets:
        return empty(figure, ax, "No packet of the connection")
    if sender is None:
        octets = {"client": 0, "server": 0}
        for packet in one.packets:
            octets[packet["sender"]] += packet["payload_length"]
        sender = "server" if octets["server"] > octets["client"] else "client"
    first = one.packets[0]["time"]
    span = (one.packets[-1]["time"] - first).total_seconds()
    scale, unit = (1.0, "s") if span >= _MILLISECONDS else (1e3, "ms")
    timed = [((packet["time"] - first).total_seconds() * scale, packet) for packet in one.packets]
    own = [(t, p) for t, p in timed if p["sender"] == sender and p["seq"] is not None]
    peer = [(t, p) for t, p in timed if p["sender"] != sender and p["ack"] is not None]
    rasterized = len(timed) > _RASTER
    again = _segments(ax, own, rasterized=rasterized)
    _acknowledged(ax, peer, _shift(one.row, sender), span * scale, rasterized=rasterized)
    marks = _ends(ax, timed, sender)
    ax.set_xlabel(f"{unit} after {first:%Y-%m-%d %H:%M:%S.%f} UTC")
    ax.set_ylabel(f"relative sequence number of the {sender} (octets)")
    ax.yaxis.set_major_formatter(lambda value, _: number(round(value)))
    ax.legend(frameon=False, labelcolor=SOFT, loc="upper left")
    ax.margins(x=0.03, y=0.12)
    total = sum(p["payload_length"] for _, p in own)
    count = sum(1 for _, p in own if p["payload_length"])
    said = f"{number(again)} of them again" if again else "none again"
    ends = "".join(f"{'; ' if not i else ', '}{mark}" for i, mark in enumerate(marks))
    title = f"{sender.title()} sent {plural(total, 'octet')} in {plural(count, 'segment')}, {said}"
    return finish(figure, title + ends)


def _shift(row: dict[str, Any], sender: str) -> int:
    """Give the window scale of the peer, which is in force when both sides offer one."""
    shifts = {side: row.get(f"{side}_window_scale") for side in ("client", "server")}
    if None in shifts.values():
        return 0
    return int(shifts["server" if sender == "client" else "client"] or 0)


def _segments(ax: Axes, own: list[tuple[float, dict[str, Any]]], *, rasterized: bool) -> int:
    highest = -1
    fresh: list[tuple[float, int, int]] = []
    again: list[tuple[float, int, int]] = []
    for t, packet in own:
        begin, length = packet["seq"], packet["payload_length"]
        if not length:
            continue
        (again if begin + length <= highest else fresh).append((t, begin, begin + length))
        highest = max(highest, begin + length)
    for lines, colour, name in (
        (fresh, INK, "segments"),
        (again, BY_NAME["timeout"].colour, "sent again"),
    ):
        if lines:
            t, low, high = np.array(lines).T
            ax.vlines(t, low, high, color=colour, linewidth=1.6, label=name, rasterized=rasterized)
            if not rasterized:
                ax.plot(t, high, "_", color=colour, markersize=5)
                ax.plot(t, low, "_", color=colour, markersize=5)
    return len(again)


def _acknowledged(
    ax: Axes,
    peer: list[tuple[float, dict[str, Any]]],
    shift: int,
    end: float,
    *,
    rasterized: bool,
) -> None:
    peer = [(t, p) for t, p in peer if "RST" not in p["flags"]]
    if not peer:
        return
    times = [t for t, _ in peer] + [end]
    acks = [p["ack"] for _, p in peer]
    edges = [p["ack"] + (p["window"] << (0 if "SYN" in p["flags"] else shift)) for _, p in peer]
    top = max(acks)
    options: dict[str, Any] = {"where": "post", "rasterized": rasterized}
    ax.step(
        times,
        [*acks, acks[-1]],
        color=BY_NAME["orderly"].colour,
        label="acknowledged",
        zorder=1.5,
        **options,
    )
    edges.append(edges[-1])
    # A window far above what was sent would press the octets flat: it is told, not drawn.
    near = max(top * 1.6, 20)
    above = min(edges) > near
    beyond = min(edge - ack for edge, ack in zip(edges, acks, strict=False))
    label = f"receive window: {number(beyond)} octets or more" if above else "receive window"
    options |= {"color": BY_NAME["refused"].colour, "label": label}
    ax.step(*(([], []) if above else (times, edges)), **options)


def _ends(ax: Axes, timed: list[tuple[float, dict[str, Any]]], sender: str) -> list[str]:
    said: dict[str, None] = {}
    for kind, marker, colour in (
        ("FIN", "o", BY_NAME["orderly"].colour),
        ("RST", "X", BY_NAME["abort"].colour),
    ):
        points = []
        for t, packet in timed:
            if kind in packet["flags"] and not (kind == "FIN" and "RST" in packet["flags"]):
                level = packet["seq"] if packet["sender"] == sender else packet["ack"]
                points.append((t, level or 0))
                said[f"{kind} by {packet['sender']}"] = None
        if points:
            t, y = zip(*points, strict=True)
            ax.plot(t, y, marker, color=colour, markersize=8, linestyle="", label=kind, zorder=4)
    return list(said)
